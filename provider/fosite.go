package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
)

// grantMachine runs the grants with fosite. The files fosite*.go are the only ones
// that import fosite.
//
// fosite writes nothing here: its storage interfaces read from the fositeCall of
// the request (see fosite_store.go), and the endpoints write after fosite has
// returned.
type grantMachine struct {
	fosite fosite.OAuth2Provider
}

// fositeCall is what fosite's storage and handlers read during one request. It is
// complete before fosite is called and does not change afterwards.
type fositeCall struct {
	client *client
	// presented is the code or refresh token of a token request; nil at the
	// authorization endpoint.
	presented *presented
}

type fositeCallKey struct{}

func withCall(ctx context.Context, c fositeCall) context.Context {
	return context.WithValue(ctx, fositeCallKey{}, c)
}

func callOf(ctx context.Context) (fositeCall, error) {
	c, ok := ctx.Value(fositeCallKey{}).(fositeCall)
	if !ok {
		return fositeCall{}, errors.New("provider: fosite was called without a fositeCall in the context")
	}
	return c, nil
}

// presentedOf returns the code or refresh token of the token request.
func presentedOf(ctx context.Context) (*presented, error) {
	c, err := callOf(ctx)
	if err != nil {
		return nil, err
	}
	if c.presented == nil {
		return nil, errors.New("provider: nothing was presented in this request")
	}
	return c.presented, nil
}

// newGrantMachine composes fosite's handlers with Gatehouse's own. fosite calls
// them in this order. Gatehouse's handlers come first: their refusals name the
// broken rule, and no handler of fosite runs for a refused request.
func newGrantMachine(tokens *Tokens, keys Keys) *grantMachine {
	config := &fosite.Config{
		AuthorizeCodeLifespan:       codeLifetime,
		EnforcePKCEForPublicClients: true,
		// EnablePKCEPlainChallengeMethod stays false: S256 is the only method (C 2.4).
		ScopeStrategy:            anyScope,
		AudienceMatchingStrategy: anyAudience,
		// Every confidential app gets refresh tokens, with any scope (C 2.3).
		RefreshTokenScopes: []string{},
		// state is optional and may have any length (see authorization.forFosite).
		MinParameterEntropy:          1,
		OmitRedirectScopeParam:       true,
		RedirectSecureChecker:        anyRegisteredURI,
		ClientAuthenticationStrategy: authenticatedClient,
	}
	return &grantMachine{fosite: compose.Compose(config, fositeStore{}, &strategy{tokens: tokens},
		handler(publicClientPKCE{}),
		handler(publicClientRefresh{}),
		handler(presentedRules{}),
		compose.OAuth2AuthorizeExplicitFactory,
		compose.OAuth2AuthorizeImplicitFactory,
		compose.OAuth2RefreshTokenGrantFactory,
		handler(newImplicitIDTokens(config, tokens, keys)),
		handler(newHybridIDTokens(config, tokens, keys)),
		handler(newExplicitIDTokens(keys)),
		handler(newRefreshedIDTokens(keys)),
		compose.OAuth2PKCEFactory, // after every handler that makes codes
	)}
}

// handler returns a factory for a handler that needs nothing of the composition.
func handler(h any) compose.Factory {
	return func(fosite.Configurator, any, any) any { return h }
}

// authorizationParameters lets fosite make the code or access token of an
// authorization request that was checked and consented to. It returns the
// parameters of the authorization response (RFC 6749 §4.1.2, §4.2.2).
func (m *grantMachine) authorizationParameters(ctx context.Context, a authorization, grantID string, s *session) (url.Values, error) {
	ctx = withCall(ctx, fositeCall{client: &client{app: a.app, settings: a.settings, redirectURI: a.redirectURI}})
	request, err := m.fosite.NewAuthorizeRequest(ctx, a.forFosite(ctx))
	if err != nil {
		return nil, fmt.Errorf("provider: authorization request: %w", err)
	}
	request.SetID(grantID)
	for _, scope := range s.fositeScopes() {
		request.GrantScope(scope)
	}
	response, err := m.fosite.NewAuthorizeResponse(ctx, request, s)
	if err != nil {
		return nil, fmt.Errorf("provider: authorization response: %w", err)
	}
	parameters := response.GetParameters()
	if parameters.Has("expires_in") {
		// fosite subtracts the time since the token was made, and rounds down.
		lifetime := s.accessTokenExpiresAt.Sub(s.issuedAt)
		parameters.Set("expires_in", strconv.FormatInt(int64(lifetime/time.Second), 10))
	}
	return parameters, nil
}

// forFosite returns the authorization request with the parameters that Gatehouse
// has checked, and no others: an unknown parameter cannot have an effect.
func (a authorization) forFosite(ctx context.Context) *http.Request {
	form := url.Values{
		"client_id": {a.app.ID}, "response_type": {a.request.ResponseType}, "redirect_uri": {a.redirectURI},
		"scope": {a.request.Scope}, "nonce": {a.request.Nonce},
		// fosite requires a state. The response repeats the state of the client instead.
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

// tokens lets fosite judge a token request and make its tokens. refresh is "" for
// public apps, and idToken is "" without OpenID Connect. An error is a *Refusal if a handler of Gatehouse refused, and
// otherwise fosite's.
func (m *grantMachine) tokens(ctx context.Context, r *http.Request, p *presented) (access, refresh, idToken string, err error) {
	ctx = withCall(ctx, fositeCall{client: &client{app: p.app, settings: p.settings}, presented: p})
	request, err := m.fosite.NewAccessRequest(ctx, r, p.session)
	if err != nil {
		return "", "", "", fmt.Errorf("provider: token request: %w", err)
	}
	response, err := m.fosite.NewAccessResponse(ctx, request)
	if err != nil {
		return "", "", "", fmt.Errorf("provider: token response: %w", err)
	}
	refresh, _ = response.GetExtra("refresh_token").(string)
	idToken, _ = response.GetExtra("id_token").(string)
	return response.GetAccessToken(), refresh, idToken, nil
}

// refusalOfFosite returns fosite's own error as a refusal; nil if err is not one,
// or reports a failure of the server.
func refusalOfFosite(err error) *Refusal {
	var rfc *fosite.RFC6749Error
	if !errors.As(err, &rfc) || rfc.CodeField >= http.StatusInternalServerError {
		return nil
	}
	description := rfc.HintField
	if description == "" {
		description = rfc.DescriptionField
	}
	return &Refusal{Code: rfc.ErrorField, ID: "api.oauth." + rfc.ErrorField + ".app_error", Description: description, Status: rfc.CodeField, Cause: err}
}

// anyScope accepts every scope. The authorization endpoint has refused malformed
// ones, and the user decides about the others.
func anyScope([]string, string) bool { return true }

// anyAudience accepts every audience. Gatehouse does not use fosite's audience
// parameter: the audience of a token is its resource (RFC 8707).
func anyAudience([]string, []string) error { return nil }

// anyRegisteredURI accepts http for every host. Registration decides which
// redirect URIs an app may have (C 1.15), and the authorization endpoint checks
// them again.
func anyRegisteredURI(context.Context, *url.URL) bool { return true }

// authenticatedClient returns the client that the token endpoint has authenticated
// before it called fosite.
func authenticatedClient(ctx context.Context, _ *http.Request, _ url.Values) (fosite.Client, error) {
	c, err := callOf(ctx)
	if err != nil {
		return nil, err
	}
	return c.client, nil
}

// tokenRule is embedded by Gatehouse's handlers for the token endpoint. They only
// judge: they never handle a request or add to a response.
type tokenRule struct{}

// CanHandleTokenEndpointRequest returns true: each rule sees every request.
func (tokenRule) CanHandleTokenEndpointRequest(context.Context, fosite.AccessRequester) bool {
	return true
}

// CanSkipClientAuth returns false: a rule judges authenticated clients only.
func (tokenRule) CanSkipClientAuth(context.Context, fosite.AccessRequester) bool { return false }

// PopulateTokenEndpointResponse adds nothing to the response.
func (tokenRule) PopulateTokenEndpointResponse(context.Context, fosite.AccessRequester, fosite.AccessResponder) error {
	return fosite.ErrUnknownRequest
}

// pass is what a rule returns for a request that keeps it. It tells fosite that
// the rule did not handle the request, so that a request without a grant handler
// is still refused.
var pass = fosite.ErrUnknownRequest
