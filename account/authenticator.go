package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse"
	"gatehouse/internal/web"
)

// AccessTokens authenticates OAuth access tokens; *provider.Tokens implements it.
type AccessTokens interface {
	// IsAccessToken tells access tokens from session tokens by their prefix.
	IsAccessToken(token string) bool
	// AuthenticateAccessToken returns ErrNotFound if the token is not valid.
	AuthenticateAccessToken(ctx context.Context, token string) (gatehouse.Grant, gatehouse.User, error)
}

// AuthenticatorConfig configures an Authenticator.
type AuthenticatorConfig struct {
	Store   Store
	Tokens  AccessTokens
	Cookies Cookies
	// ResourceMetadata is the URL in the challenge at which clients learn how to get a
	// token (RFC 9728 §5.1); "" leaves it out.
	ResourceMetadata string
	Log              *slog.Logger
}

// Authenticator finds out which user, and which session or access token, a request
// comes from. It is safe for concurrent use.
type Authenticator struct {
	store            Store
	tokens           AccessTokens
	cookies          Cookies
	resourceMetadata string
	log              *slog.Logger
}

// NewAuthenticator returns an Authenticator.
func NewAuthenticator(c AuthenticatorConfig) *Authenticator {
	return &Authenticator{store: c.Store, tokens: c.Tokens, cookies: c.Cookies, resourceMetadata: c.ResourceMetadata, log: c.Log}
}

// Caller returns the caller of a request. It returns ErrNotFound if the request has no
// token or an invalid one, and another error if the database can't tell. A session
// token in the query is not accepted, because URLs leak (C 1.1).
func (a *Authenticator) Caller(r *http.Request) (gatehouse.Caller, error) {
	caller, err := a.authenticate(r, findToken(r))
	if errors.Is(err, errSessionInQuery) {
		return gatehouse.Caller{}, gatehouse.ErrNotFound
	}
	return caller, err
}

// RequireCaller is Caller for JSON endpoints that need a caller. It refuses with a
// *web.Error with status 401 (C 1.1); then it has set the challenge of RFC 6750 §3, and
// has deleted the session cookie. Requests that change something and come with a cookie
// must pass the CSRF check.
func (a *Authenticator) RequireCaller(w http.ResponseWriter, r *http.Request) (gatehouse.Caller, error) {
	token := findToken(r)
	caller, err := a.authenticate(r, token)
	switch {
	case errors.Is(err, errSessionInQuery):
		a.challenge(w, token)
		return gatehouse.Caller{}, errTokenProvided()
	case err == nil && (token.place != inCookie || passesCSRFCheck(r, token.value)):
		return caller, nil
	case err != nil && !errors.Is(err, gatehouse.ErrNotFound):
		return gatehouse.Caller{}, err
	}
	if token.value != "" {
		a.cookies.clearSession(w, r)
	}
	a.challenge(w, token)
	return gatehouse.Caller{}, web.SessionExpired()
}

// RedirectToLogin sends a browser to the sign-in page, which sends it back afterwards.
func (a *Authenticator) RedirectToLogin(w http.ResponseWriter, r *http.Request) {
	// RequestURI still has the base path and every escape. RFC 9112 §3.2.2 also allows
	// an absolute URL there, which is not a local URL.
	returnURL := r.RequestURI
	if !strings.HasPrefix(returnURL, "/") {
		returnURL = r.URL.RequestURI()
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, a.cookies.BasePath+"/login?redirect_to="+url.QueryEscape(returnURL), http.StatusSeeOther)
}

// RenewCookies lets Caller renew the browser's cookies when it extends a session.
// Without it they would expire 30 days after the sign-in, also for an active user.
func (a *Authenticator) RenewCookies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie(cookieSession); err == nil {
			r = r.WithContext(context.WithValue(r.Context(), responseKey{}, w))
		}
		next.ServeHTTP(w, r)
	})
}

type responseKey struct{}

// errSessionInQuery: the token of a valid session came in the query.
var errSessionInQuery = errors.New("account: session token in the query")

func (a *Authenticator) authenticate(r *http.Request, token foundToken) (gatehouse.Caller, error) {
	ctx := r.Context()
	switch {
	case token.value == "":
		return gatehouse.Caller{}, gatehouse.ErrNotFound
	case a.tokens.IsAccessToken(token.value):
		grant, user, err := a.tokens.AuthenticateAccessToken(ctx, token.value)
		if err != nil {
			return gatehouse.Caller{}, fmt.Errorf("account: access token: %w", err)
		}
		return gatehouse.Caller{User: user, Grant: grant}, nil
	case !gatehouse.ValidID(token.value): // Session tokens have the form of an id; other values cost no query.
		return gatehouse.Caller{}, gatehouse.ErrNotFound
	}
	session, user, err := a.store.SessionByTokenHash(ctx, gatehouse.HashSecret(token.value))
	if err != nil {
		return gatehouse.Caller{}, fmt.Errorf("account: session: %w", err)
	}
	now := time.Now()
	switch {
	case !now.Before(session.ExpiresAt) || !user.Active():
		return gatehouse.Caller{}, gatehouse.ErrNotFound
	case token.place == inQuery:
		return gatehouse.Caller{}, errSessionInQuery
	}
	if now.Sub(session.LastSeenAt) >= gatehouse.SessionTouchInterval {
		session = a.extend(r, session, token, now)
	}
	return gatehouse.Caller{User: user, Session: session, SessionToken: token.value, CSRFToken: CSRFToken(token.value)}, nil
}

// extend moves the expiry of a session forward. If that fails, the session stays valid
// as it is.
func (a *Authenticator) extend(r *http.Request, s gatehouse.Session, token foundToken, now time.Time) gatehouse.Session {
	expires := now.Add(gatehouse.SessionLifetime)
	if err := a.store.TouchSession(r.Context(), s.ID, now, expires); err != nil {
		a.log.WarnContext(r.Context(), "session not renewed", "error", err, "session_id", s.ID, "request_id", web.RequestID(r.Context()))
		return s
	}
	s.LastSeenAt, s.ExpiresAt = now, expires
	if w, ok := r.Context().Value(responseKey{}).(http.ResponseWriter); ok && token.place == inCookie {
		a.cookies.set(w, r, token.value, s.UserID)
	}
	return s
}

// challenge tells the client how to authenticate. It names an error only if the
// request had a bearer token (RFC 6750 §3.1).
func (a *Authenticator) challenge(w http.ResponseWriter, token foundToken) {
	value := `Bearer realm="gatehouse"`
	if token.value != "" && token.place != inCookie {
		value += `, error="invalid_token", error_description="The token is invalid, expired or revoked"`
	}
	if a.resourceMetadata != "" {
		value += `, resource_metadata="` + a.resourceMetadata + `"`
	}
	w.Header().Set("WWW-Authenticate", value)
}

func errTokenProvided() *web.Error {
	return &web.Error{
		Status:  http.StatusUnauthorized,
		ID:      "api.context.token_provided.app_error",
		Message: "A session token must not be sent in the query. Send it in the Authorization header.",
	}
}

// tokenPlace is the part of a request that holds a token.
type tokenPlace int

const (
	inCookie tokenPlace = iota + 1
	inHeader
	inQuery
)

type foundToken struct {
	value string // "" if the request has no token
	place tokenPlace
}

// findToken looks for a token in the order of C 1.1. It returns the first one, also if
// that one is not valid. It does not cut the token to 50 characters as the contract
// does, because sealed access tokens are longer.
func findToken(r *http.Request) foundToken {
	if c, err := r.Cookie(cookieSession); err == nil && c.Value != "" {
		return foundToken{c.Value, inCookie}
	}
	// The scheme in any case, one separator, and the token without changes.
	header := r.Header.Get("Authorization")
	for _, scheme := range []string{"bearer", "token"} {
		if n := len(scheme); len(header) > n && strings.EqualFold(header[:n], scheme) {
			return foundToken{header[n+1:], inHeader}
		}
	}
	if token := r.URL.Query().Get("access_token"); token != "" {
		return foundToken{token, inQuery}
	}
	return foundToken{}
}
