package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"gatehouse"
)

// grant lets fosite make the code or token that was agreed to, and addresses it
// to the app. For a code nothing is written but the consent, if it is new.
func (h *Handler) grant(ctx context.Context, a authorization, q gatehouse.ConsentRequest, d gatehouse.ConsentDecision) (answer, error) {
	consent, err := h.consents.Allow(ctx, q, d)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return answer{}, &Refusal{Code: codeAccessDenied, Description: "The app or the user was removed in the meantime.", Cause: err}
	} else if err != nil {
		return answer{}, fmt.Errorf("provider: consent: %w", err)
	}
	sess := &session{
		userID: q.Caller.User.ID, consentID: consent.ID, issuedAt: time.Now(), resource: a.request.Resource,
		redirectURISent: a.request.RedirectURI != "", scopes: q.Scopes,
	}
	x := &exchange{
		client:  &client{app: a.app, settings: a.settings, redirectURI: a.redirectURI},
		session: sess,
		now:     sess.issuedAt,
	}
	ctx = withExchange(ctx, x)
	request, err := h.fosite.NewAuthorizeRequest(ctx, a.forFosite(ctx))
	if err != nil {
		return answer{}, fmt.Errorf("provider: authorization request: %w", err)
	}
	request.SetID(gatehouse.NewID())
	for _, scope := range q.Scopes {
		request.GrantScope(scope)
	}
	response, err := h.fosite.NewAuthorizeResponse(ctx, request, sess)
	if err != nil {
		return answer{}, fmt.Errorf("provider: authorization response: %w", err)
	}
	parameters := response.GetParameters()
	if parameters.Has("expires_in") { // Fosite has counted the moments since the token was made.
		lifetime := a.settings.AccessTokenLifetimeFor(a.app, true)
		parameters.Set("expires_in", strconv.FormatInt(int64(lifetime/time.Second), 10))
	}
	h.issued(endpointAuthorize, grantOfResponseType(a.request.ResponseType))
	return h.newAnswer(a.request, a.redirectURI, parameters), nil
}

// forFosite is the request with the parameters that we judged and no others:
// what we do not know cannot have an effect.
func (a authorization) forFosite(ctx context.Context) *http.Request {
	form := url.Values{
		"client_id": {a.app.ID}, "response_type": {a.request.ResponseType}, "redirect_uri": {a.redirectURI},
		"scope": {a.request.Scope},
		// Fosite demands a state; newAnswer repeats the client's own, or none.
		"state": {"-"},
	}
	if a.request.CodeChallenge != "" {
		form.Set("code_challenge", a.request.CodeChallenge)
		form.Set("code_challenge_method", a.request.CodeChallengeMethod)
	}
	r := (&http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/oauth/authorize"}, Header: http.Header{}}).WithContext(ctx)
	r.Form, r.PostForm = form, url.Values{}
	return r
}
