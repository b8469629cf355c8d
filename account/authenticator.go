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

// AccessTokens opens OAuth access tokens; provider.Tokens satisfies it.
type AccessTokens interface {
	// IsAccessToken tells access tokens from session tokens by their prefix.
	IsAccessToken(token string) bool
	// AuthenticateAccessToken returns ErrNotFound for a token that is not live.
	AuthenticateAccessToken(ctx context.Context, token string) (gatehouse.Grant, gatehouse.User, error)
}

// SessionStore is what recognising a session needs of the storage.
type SessionStore interface {
	// SessionByTokenHash judges neither expiry nor the person's activity. ErrNotFound.
	SessionByTokenHash(ctx context.Context, hash string) (gatehouse.Session, gatehouse.User, error)
	TouchSession(ctx context.Context, id string, lastSeen, expires time.Time) error
}

// Authenticator says who a request comes from. It is safe for concurrent use.
type Authenticator struct {
	store            SessionStore
	tokens           AccessTokens
	cookies          Cookies
	resourceMetadata string
	log              *slog.Logger
}

// AuthenticatorConfig is what an Authenticator is made of.
type AuthenticatorConfig struct {
	Store   SessionStore
	Tokens  AccessTokens
	Cookies Cookies
	// ResourceMetadata is the URL that challenges name, where clients learn how to
	// get a token (RFC 9728 §5.1); "" names none.
	ResourceMetadata string
	Log              *slog.Logger
}

// NewAuthenticator returns an Authenticator.
func NewAuthenticator(c AuthenticatorConfig) *Authenticator {
	return &Authenticator{store: c.Store, tokens: c.Tokens, cookies: c.Cookies, resourceMetadata: c.ResourceMetadata, log: c.Log}
}

// Caller is who the request comes from. It returns ErrNotFound for nobody and
// for a bad token, and other errors when the storage could not say.
// A session token in the query counts as nobody: such URLs leak (C 1.1).
func (a *Authenticator) Caller(r *http.Request) (gatehouse.Caller, error) {
	caller, err := a.identify(r, findToken(r))
	if errors.Is(err, errSessionInQuery) {
		return gatehouse.Caller{}, gatehouse.ErrNotFound
	}
	return caller, err
}

// RequireCaller is Caller for JSON endpoints that need somebody. Its refusals are
// *web.Error with status 401 (C 1.1); it has then set the challenge of RFC 6750 §3,
// and taken a token that is worth nothing out of the browser's cookies.
// Calls that change something and come with a cookie must prove that a page of
// ours made them.
func (a *Authenticator) RequireCaller(w http.ResponseWriter, r *http.Request) (gatehouse.Caller, error) {
	token := findToken(r)
	caller, err := a.identify(r, token)
	switch {
	case errors.Is(err, errSessionInQuery):
		a.challenge(w, token)
		return gatehouse.Caller{}, errTokenProvided()
	case err == nil && token.from == fromCookie && !requestedByOurPage(r, token.value):
		a.cookies.clearSession(w, r)
		a.challenge(w, token)
		return gatehouse.Caller{}, web.SessionExpired()
	case err == nil:
		return caller, nil
	case !errors.Is(err, gatehouse.ErrNotFound):
		return gatehouse.Caller{}, err
	}
	if token.value != "" {
		a.cookies.clearSession(w, r)
	}
	a.challenge(w, token)
	return gatehouse.Caller{}, web.SessionExpired()
}

// RedirectToLogin sends a browser to sign in and to come back.
func (a *Authenticator) RedirectToLogin(w http.ResponseWriter, r *http.Request) {
	// What was sent, so that the way back has the base path and every escape; but
	// not a whole URL, which HTTP allows here too (RFC 9112 §3.2.2).
	target := r.RequestURI
	if !strings.HasPrefix(target, "/") {
		target = r.URL.RequestURI()
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, a.cookies.BasePath+"/login?redirect_to="+url.QueryEscape(target), http.StatusSeeOther)
}

// RenewCookies lets Caller renew the browser's cookies whenever it lets a session
// slide, so that they do not end 30 days after signing in however busy the person is.
func (a *Authenticator) RenewCookies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie(cookieSession); err == nil {
			r = r.WithContext(context.WithValue(r.Context(), responseKey{}, w))
		}
		next.ServeHTTP(w, r)
	})
}

type responseKey struct{}

// errSessionInQuery: a live session's token came in the query.
var errSessionInQuery = errors.New("account: session token in the query")

func (a *Authenticator) identify(r *http.Request, token foundToken) (gatehouse.Caller, error) {
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
	case !gatehouse.ValidID(token.value): // the form of a session token; nothing else is worth a query
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
	case token.from == fromQuery:
		return gatehouse.Caller{}, errSessionInQuery
	}
	if now.Sub(session.LastSeenAt) >= gatehouse.SessionTouchInterval {
		session = a.slide(r, session, token, now)
	}
	return gatehouse.Caller{User: user, Session: session, SessionToken: token.value, CSRFToken: CSRFToken(token.value)}, nil
}

// slide notes that the person was seen. Failing to is no reason to refuse them.
func (a *Authenticator) slide(r *http.Request, s gatehouse.Session, token foundToken, now time.Time) gatehouse.Session {
	expires := now.Add(gatehouse.SessionLifetime)
	if err := a.store.TouchSession(r.Context(), s.ID, now, expires); err != nil {
		a.log.WarnContext(r.Context(), "session not renewed", "error", err, "session_id", s.ID, "request_id", web.RequestID(r.Context()))
		return s
	}
	s.LastSeenAt, s.ExpiresAt = now, expires
	if w, ok := r.Context().Value(responseKey{}).(http.ResponseWriter); ok && token.from == fromCookie {
		a.cookies.set(w, r, token.value, s.UserID)
	}
	return s
}

// challenge says how to authenticate. The error is named only if a bearer token
// was sent (RFC 6750 §3.1).
func (a *Authenticator) challenge(w http.ResponseWriter, token foundToken) {
	value := `Bearer realm="gatehouse"`
	if token.value != "" && token.from != fromCookie {
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

// requestedByOurPage is the contract's CSRF rule (C 1.1). Another site's page can
// send our cookie, but cannot add either header without our leave (CORS).
func requestedByOurPage(r *http.Request, token string) bool {
	return r.Method == http.MethodGet || isXMLHttpRequest(r) || csrfTokenMatches(token, r.Header.Get("X-CSRF-Token"))
}

func isXMLHttpRequest(r *http.Request) bool {
	return r.Header.Get("X-Requested-With") == "XMLHttpRequest"
}
