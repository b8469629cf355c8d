package account

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"time"

	"gatehouse"
	"gatehouse/internal/web"
)

// The contract's cookies (C 1.13).
const (
	cookieSession = "MMAUTHTOKEN"
	cookieUserID  = "MMUSERID"
	cookieCSRF    = "MMCSRF"
)

// Cookies says how the browser is told who is signed in.
type Cookies struct {
	BasePath  string // "" or "/sso": where the site lives
	SiteHTTPS bool   // the site URL is https, whatever the last hop speaks
}

// set signs the browser in.
func (c Cookies) set(w http.ResponseWriter, r *http.Request, token, userID string) {
	maxAge := int(gatehouse.SessionLifetime / time.Second)
	http.SetCookie(w, c.cookie(r, cookieSession, token, maxAge))
	http.SetCookie(w, c.cookie(r, cookieUserID, userID, maxAge))
	http.SetCookie(w, c.cookie(r, cookieCSRF, CSRFToken(token), maxAge))
}

// clear signs the browser out.
func (c Cookies) clear(w http.ResponseWriter, r *http.Request) {
	c.clearSession(w, r)
	http.SetCookie(w, c.cookie(r, cookieUserID, "", -1))
	http.SetCookie(w, c.cookie(r, cookieCSRF, "", -1))
}

// clearSession takes away a token that is worth nothing (C 1.1).
func (c Cookies) clearSession(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, c.cookie(r, cookieSession, "", -1))
}

// cookie makes one of ours. A negative maxAge deletes it: net/http writes Max-Age=0.
func (c Cookies) cookie(r *http.Request, name, value string, maxAge int) *http.Cookie {
	path := c.BasePath
	if path == "" {
		path = "/"
	}
	return &http.Cookie{
		Name:   name,
		Value:  value,
		Path:   path,
		MaxAge: maxAge,
		// Scripts need the id and the CSRF token (C 1.13), never the session token.
		HttpOnly: name == cookieSession,
		Secure:   c.SiteHTTPS || web.ClientOf(r).HTTPS,
		SameSite: http.SameSiteLaxMode,
	}
}

// csrfDomain separates this use of a session token as a key from any other.
const csrfDomain = "gatehouse csrf token v1"

// CSRFToken is what proves that a request was made by a page of ours: the
// HMAC-SHA256 of a fixed string under the session token, in base64url. Knowing it
// does not help to find the session token, and it needs no column of its own.
func CSRFToken(sessionToken string) string {
	mac := hmac.New(sha256.New, []byte(sessionToken))
	mac.Write([]byte(csrfDomain))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// csrfTokenMatches compares in constant time.
func csrfTokenMatches(sessionToken, given string) bool {
	return hmac.Equal([]byte(CSRFToken(sessionToken)), []byte(given))
}
