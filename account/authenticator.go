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

// SignedIn returns the user who is signed in at the browser. An access token does not
// count: otherwise one app could get codes for another, or sign its user out.
func (a *Authenticator) SignedIn(r *http.Request) (caller gatehouse.Caller, signedIn bool, err error) {
	caller, err = a.Caller(r)
	if errors.Is(err, gatehouse.ErrNotFound) || err == nil && caller.IsOAuth() {
		return gatehouse.Caller{}, false, nil
	}
	return caller, err == nil, err
}

// Caller returns the caller of a request. It returns ErrNotFound if the request has no
// token or an invalid one, and another error if the database can't tell. A session
// token in the query is not accepted, because URLs leak (C 1.1).
func (a *Authenticator) Caller(r *http.Request) (gatehouse.Caller, error) {
	caller, _, err := a.find(r)
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
	caller, token, err := a.find(r)
	switch {
	case errors.Is(err, errSessionInQuery):
		a.challenge(w, token)
		return gatehouse.Caller{}, errTokenProvided()
	case err == nil && (token.cookie == "" || passesCSRFCheck(r, token.value)):
		return caller, nil
	case err != nil && !errors.Is(err, gatehouse.ErrNotFound):
		return gatehouse.Caller{}, err
	}
	// A cookie of the contract that names no session of this site belongs to another
	// site on the same host, and stays.
	if token.cookie == a.cookies.Session || token.cookie != "" && (err == nil || errors.Is(err, errSessionOver)) {
		a.cookies.clearSession(w, r, token.cookie)
	}
	a.challenge(w, token)
	return gatehouse.Caller{}, web.SessionExpired()
}

// browserSessions returns the callers whose sessions the request has in its cookies. A
// browser can have two: one in the site's own cookie, and one in that of the contract.
func (a *Authenticator) browserSessions(r *http.Request) (callers []gatehouse.Caller, err error) {
	seen := map[string]bool{}
	for _, token := range a.tokensOf(r) {
		if token.cookie == "" || seen[token.value] {
			continue
		}
		seen[token.value] = true
		caller, err := a.authenticate(r, token)
		switch {
		case err == nil && !caller.IsOAuth():
			callers = append(callers, caller)
		case err != nil && !errors.Is(err, gatehouse.ErrNotFound):
			return nil, err
		}
	}
	return callers, nil
}

// RedirectToLogin sends a browser to the sign-in page, which sends it to a local URL
// afterwards.
func (a *Authenticator) RedirectToLogin(w http.ResponseWriter, r *http.Request, returnURL string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, a.cookies.BasePath+"/login?redirect_to="+url.QueryEscape(returnURL), http.StatusSeeOther)
}

// RenewCookies lets Caller renew the browser's cookies when it extends a session.
// Without it they would expire 30 days after the sign-in, also for an active user.
func (a *Authenticator) RenewCookies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" {
			r = r.WithContext(context.WithValue(r.Context(), responseKey{}, w))
		}
		next.ServeHTTP(w, r)
	})
}

type responseKey struct{}

var (
	// errSessionInQuery: the token of a valid session came in the query.
	errSessionInQuery = errors.New("account: session token in the query")
	// errSessionOver: the session is one of this site, but has expired, or its user is deactivated.
	errSessionOver = fmt.Errorf("account: session is over: %w", gatehouse.ErrNotFound)
)

// find returns the caller of a request and the token that counts. If no token is valid,
// it returns the error of the first token that a client sent on purpose, or otherwise
// that of the first cookie.
func (a *Authenticator) find(r *http.Request) (gatehouse.Caller, foundToken, error) {
	var first foundToken
	firstErr := gatehouse.ErrNotFound
	for _, token := range a.tokensOf(r) {
		caller, err := a.authenticate(r, token)
		// Cookies that name no session are skipped: they may belong to another site.
		if err == nil || token.cookie == "" || !errors.Is(err, gatehouse.ErrNotFound) {
			return caller, token, err
		}
		if first.value == "" {
			first, firstErr = token, err
		}
	}
	return gatehouse.Caller{}, first, firstErr
}

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
		return gatehouse.Caller{}, errSessionOver
	case token.inQuery:
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
	if w, ok := r.Context().Value(responseKey{}).(http.ResponseWriter); ok && token.cookie != "" {
		a.cookies.set(w, r, token.value, s.UserID, token.value)
	}
	return s
}

// challenge tells the client how to authenticate. It names an error only if the
// request had a bearer token (RFC 6750 §3.1).
func (a *Authenticator) challenge(w http.ResponseWriter, token foundToken) {
	value := `Bearer realm="gatehouse"`
	if token.value != "" && token.cookie == "" {
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

// foundToken is a token and the part of the request that holds it: a cookie, the header
// Authorization or the query.
type foundToken struct {
	value   string // "" if the request has no token
	cookie  string // the name of the cookie that holds it; "" if no cookie does
	inQuery bool
}

// tokensOf returns the tokens of a request in the order of C 1.1, after those in the
// site's own cookie. Of the header and the query it returns only the first. It does not
// cut a token to 50 characters as the contract does, because sealed access tokens are longer.
func (a *Authenticator) tokensOf(r *http.Request) (tokens []foundToken) {
	for _, name := range []string{a.cookies.Session, cookieToken} {
		for _, value := range cookieValues(r, name) {
			tokens = append(tokens, foundToken{value: value, cookie: name})
		}
	}
	// The scheme in any case, one separator, and the token without changes.
	header := r.Header.Get("Authorization")
	for _, scheme := range []string{"bearer", "token"} {
		if n := len(scheme); len(header) > n && strings.EqualFold(header[:n], scheme) {
			return append(tokens, foundToken{value: header[n+1:]})
		}
	}
	if token := r.URL.Query().Get("access_token"); token != "" {
		tokens = append(tokens, foundToken{value: token, inQuery: true})
	}
	return tokens
}
