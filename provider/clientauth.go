package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"gatehouse"
)

// credentials are the credentials that a client sent (RFC 6749 §2.3.1).
type credentials struct {
	id, secret string
	basic      bool // sent by HTTP Basic
	post       bool // the secret was sent in the body
}

// readCredentials reads the client's credentials from the request. It refuses a
// malformed client id before the store is asked (C 1.4 step 3). Such a client cannot
// exist, so it is refused like every unknown client (RFC 6749 §5.2).
func readCredentials(r *http.Request, form url.Values) (credentials, *Refusal) {
	c, refusal := findCredentials(r, form)
	switch {
	case refusal != nil:
		return c, refusal
	case gatehouse.ValidID(c.id):
		return c, nil
	case c.id == "" && !c.basic:
		return c, refuse(codeInvalidRequest, "api.oauth.get_access_token.bad_client_id", "The client_id is missing. Copy it from the app's page.")
	}
	refusal = invalidClient("The client_id is malformed. It has 26 letters and digits. Copy it from the app's page.", nil)
	if !c.basic {
		refusal.ID = "api.oauth.get_access_token.bad_client_id.app_error"
	}
	return c, refusal
}

// requireCredentials is readCredentials for endpoints that RFC 7662 §2.1 and RFC 7009
// §2.1 protect. A request without client authentication is refused with
// invalid_client (RFC 7662 §2.3).
func requireCredentials(r *http.Request, form url.Values) (credentials, *Refusal) {
	if form.Get("client_id") == "" && r.Header.Get("Authorization") == "" {
		return credentials{}, invalidClient("The request has no client authentication. Send client_id and client_secret, or HTTP Basic.", nil)
	}
	return readCredentials(r, form)
}

// findCredentials reads the Authorization header and the body. It refuses credentials
// in both, unless they are equal, as some libraries send them (C 7). Another scheme
// than Basic is ignored if the body has a client_id: the contract's own client sends
// its session token to every endpoint.
func findCredentials(r *http.Request, form url.Values) (credentials, *Refusal) {
	body := credentials{id: form.Get("client_id"), secret: form.Get("client_secret"), post: form.Get("client_secret") != ""}
	header := r.Header.Get("Authorization")
	scheme, _, _ := strings.Cut(header, " ")
	if header == "" || body.id != "" && !strings.EqualFold(scheme, "Basic") {
		return body, nil
	}
	user, password, ok := r.BasicAuth()
	if !ok {
		return credentials{basic: true}, invalidClient("The Authorization header is not valid HTTP Basic authentication.", nil)
	}
	basic := credentials{id: unescape(user), secret: unescape(password), basic: true, post: body.post}
	if (body.id != "" && body.id != basic.id) || (body.secret != "" && body.secret != basic.secret) {
		return basic, refuse(codeInvalidRequest, "api.oauth.get_access_token.bad_request", "The HTTP Basic credentials differ from the ones in the body. Send the credentials once.")
	}
	return basic, nil
}

// unescape undoes the form encoding of RFC 6749 §2.3.1. Many clients do not encode;
// client ids and secrets of Gatehouse are the same in both forms.
func unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

// authenticate returns the app with these credentials (C 1.4 steps 5, 6a and 6b). A client
// that named an authentication method when it registered itself must use that method
// (RFC 7591 §2). Its error is a *Refusal or a failure of the store.
func (h *Handler) authenticate(ctx context.Context, c credentials) (gatehouse.App, error) {
	app, err := h.store.App(ctx, c.id)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return gatehouse.App{}, invalidClient("This client does not exist. It was never registered, or it was deleted.", err)
	} else if err != nil {
		return gatehouse.App{}, fmt.Errorf("provider: client: %w", err)
	}
	switch {
	case app.IsPublic && c.secret != "":
		return gatehouse.App{}, refuse(codeInvalidRequest, "model.oauth.validate_grant.public_client_secret", "This is a public client. It has no client_secret and must not send one.")
	case !app.IsPublic && !gatehouse.SecretMatches(c.secret, app.SecretHash):
		refusal := invalidClient("The client_secret is missing or wrong.", nil)
		refusal.ID = "model.oauth.validate_grant.credentials.app_error"
		return gatehouse.App{}, refusal
	case !c.uses(app):
		return gatehouse.App{}, otherMethod(app)
	}
	return app, nil
}

// uses reports whether the credentials were sent with a method that the app may use. Equal
// credentials in both places were sent with both methods.
func (c credentials) uses(app gatehouse.App) bool {
	if app.IsPublic || !app.IsAuthMethodEnforced {
		return true
	}
	return c.basic && app.TokenEndpointAuthMethod == gatehouse.AuthMethodBasic || c.post && app.TokenEndpointAuthMethod == gatehouse.AuthMethodPost
}

// otherMethod is the refusal of a client that does not use its registered method. The
// client has proven that it has the secret, so it may learn the method.
func otherMethod(app gatehouse.App) *Refusal {
	where := "in the body of the request"
	if app.TokenEndpointAuthMethod == gatehouse.AuthMethodBasic {
		where = "with HTTP Basic"
	}
	refusal := invalidClient("This client registered the token_endpoint_auth_method "+app.TokenEndpointAuthMethod+". Send client_id and client_secret "+where+".", nil)
	refusal.ID = "model.oauth.validate_grant.auth_method.app_error"
	return refusal
}

// invalidClient is the refusal for failed client authentication (RFC 6749 §5.2).
func invalidClient(description string, cause error) *Refusal {
	return &Refusal{Code: codeInvalidClient, ID: "api.oauth.get_access_token.credentials.app_error", Description: description, Status: http.StatusUnauthorized, Cause: cause}
}
