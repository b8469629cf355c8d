package provider

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ory/fosite"

	"gatehouse/internal/seal"
	"gatehouse/internal/web"
)

// tokenResponse is the answer of the token endpoint (RFC 6749 §5.1, C 1.4).
// Members that would be empty are left out: strict clients refuse them.
type tokenResponse struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	Scope        string `json:"scope,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Audience     string `json:"audience,omitempty"`
}

// tokenError is RFC 6749 §5.2's error and the contract's in one object.
type tokenError struct {
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description,omitempty"`
	web.AppError
}

// token serves POST /oauth/access_token.
func (h *Handler) token(w http.ResponseWriter, r *http.Request) {
	response, refusal := h.exchange(r)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	if refusal != nil {
		h.writeRefusal(w, r, refusal)
		return
	}
	h.issued(endpointAccessToken, grantOfGrantType(r.PostForm.Get("grant_type")))
	if err := web.WriteJSON(w, http.StatusOK, response); err != nil {
		h.writeRefusal(w, r, asRefusal(err))
	}
}

// exchange is the way of a token request: parse → who is asking → rules →
// fosite → one unit of work.
func (h *Handler) exchange(r *http.Request) (tokenResponse, *Refusal) {
	form, refusal := tokenForm(r)
	if refusal != nil {
		return tokenResponse{}, refusal
	}
	if refusal := checkGrant(form); refusal != nil {
		return tokenResponse{}, refusal
	}
	creds, refusal := readCredentials(r, form)
	if refusal != nil {
		return tokenResponse{}, refusal
	}
	settings, err := h.settings.Settings(r.Context())
	if err != nil {
		return tokenResponse{}, asRefusal(err)
	}
	if !settings.EnableOAuthServiceProvider {
		return tokenResponse{}, providerOff("api.oauth.get_access_token.disabled")
	}
	app, err := h.authenticate(r.Context(), creds)
	if err != nil {
		return tokenResponse{}, asRefusal(err)
	}

	x := &exchange{client: &client{app: app, settings: settings}, now: time.Now()}
	ctx := withExchange(r.Context(), x)
	request, err := h.fosite.NewAccessRequest(ctx, r, &session{})
	if err != nil {
		return tokenResponse{}, asRefusal(err)
	}
	issued, err := h.fosite.NewAccessResponse(ctx, request)
	if err != nil {
		return tokenResponse{}, asRefusal(err)
	}
	response := tokenResponse{
		AccessToken: issued.GetAccessToken(),
		TokenType:   "bearer",
		ExpiresIn:   expiresIn(x),
		Scope:       strings.Join(x.session.scopes, " "),
		Audience:    x.session.resource,
	}
	response.RefreshToken, _ = issued.GetExtra("refresh_token").(string)
	return response, nil
}

// expiresIn is how long the access token lives, in whole seconds. A retried
// refresh counts from when its successor was made.
func expiresIn(x *exchange) int64 {
	expires := x.session.issuedAt.Add(x.client.settings.AccessTokenLifetimeFor(x.client.app, false))
	return int64(expires.Sub(x.now) / time.Second)
}

// clientOfExchange is fosite's hook for authenticating clients: the endpoint did
// so before it called fosite.
func clientOfExchange(ctx context.Context, _ *http.Request, _ url.Values) (fosite.Client, error) {
	x, err := exchangeOf(ctx)
	if err != nil {
		return nil, err
	}
	return x.client, nil
}

// tokenParameters may each be sent once (RFC 6749 §3.2), within these bytes.
var tokenParameters = map[string]int{
	"grant_type": 64, "client_id": 64, "client_secret": 128, "code": seal.MaxLength, "redirect_uri": 1024,
	"code_verifier": 1024, "refresh_token": seal.MaxLength, "scope": 1024, "token": seal.MaxLength, "token_type_hint": 64,
}

// tokenForm reads the body of a token request. Parameters in the URL are
// refused, because secrets and codes would end up in logs (RFC 6749 §2.3.1).
func tokenForm(r *http.Request) (url.Values, *Refusal) {
	bad := func(description string, cause error) *Refusal {
		refusal := refuse(codeInvalidRequest, "api.oauth.get_access_token.bad_request", description)
		refusal.Cause = cause
		return refusal
	}
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/x-www-form-urlencoded" {
		return nil, bad("Send the parameters as a form: Content-Type must be application/x-www-form-urlencoded.", err)
	}
	if query := r.URL.Query(); len(query) > 0 {
		for name := range tokenParameters {
			if query.Has(name) {
				return nil, bad("The parameter "+name+" was sent in the URL. Send all parameters in the body.", nil)
			}
		}
	}
	if err := r.ParseForm(); err != nil {
		if e := web.Public(err); e.Status == http.StatusRequestEntityTooLarge {
			refusal := bad(e.Message, err)
			refusal.Status, refusal.ID = e.Status, e.ID
			return nil, refusal
		}
		return nil, bad("The body is no valid form.", err)
	}
	for name, limit := range tokenParameters {
		switch values := r.PostForm[name]; {
		case len(values) > 1:
			return nil, bad("The parameter "+name+" was sent more than once.", nil)
		case len(values) == 1 && len(values[0]) > limit:
			return nil, bad("The parameter "+name+" is too long.", nil)
		}
	}
	return r.PostForm, nil
}

// checkGrant is steps 2a to 2c of C 1.4.
func checkGrant(form url.Values) *Refusal {
	const id = "api.oauth.get_access_token."
	switch form.Get("grant_type") {
	case "authorization_code":
		if form.Get("code") == "" {
			return refuse(codeInvalidRequest, id+"missing_code", "The code is missing.")
		}
	case "refresh_token":
		if form.Get("refresh_token") == "" {
			return refuse(codeInvalidRequest, id+"missing_refresh_token", "The refresh_token is missing.")
		}
	case "":
		return refuse(codeInvalidRequest, id+"bad_grant", "The grant_type is missing: send authorization_code or refresh_token.")
	default:
		return refuse(codeUnsupportedGrantType, id+"bad_grant", "The grant_type must be authorization_code or refresh_token.")
	}
	return nil
}

// writeRefusal is the one place where a refusal becomes an answer of the token
// endpoint and its siblings.
func (h *Handler) writeRefusal(w http.ResponseWriter, r *http.Request, refusal *Refusal) {
	h.refused(endpointOf(r), grantOfGrantType(r.PostForm.Get("grant_type")), refusal)
	e := refusal.webError()
	web.Log(r.Context(), h.log, e)
	web.SetRetryAfter(w, e)
	e.Message = refusal.Code + ": " + refusal.Description // as the contract's messages begin (C 1.1)
	if refusal.Code == codeInvalidClient && r.Header.Get("Authorization") != "" {
		w.Header().Set("WWW-Authenticate", `Basic realm="gatehouse"`) // RFC 6749 §5.2
	}
	_ = web.WriteJSON(w, e.Status, tokenError{
		Error: refusal.Code, ErrorDescription: errorDescription(refusal.Description), AppError: web.NewAppError(r, e),
	})
}
