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

// Cookies sets and clears the cookies of a signed-in browser.
type Cookies struct {
	BasePath  string // the path of the site URL: "" or "/sso"
	SiteHTTPS bool   // the site URL is https, also if a proxy forwards requests by http
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

// clearSession deletes the cookie of a session token that is not valid (C 1.1).
func (c Cookies) clearSession(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, c.cookie(r, cookieSession, "", -1))
}

// cookie returns one of the contract's cookies. A negative maxAge deletes it: net/http
// then writes Max-Age=0.
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
		// Scripts read the user id and the CSRF token (C 1.13), but not the session token.
		HttpOnly: name == cookieSession,
		Secure:   c.SiteHTTPS || web.ClientOf(r).HTTPS,
		SameSite: http.SameSiteLaxMode,
	}
}

// csrfDomain is the HMAC input. It separates this use of the session token as a key
// from other uses.
const csrfDomain = "gatehouse csrf token v1"

// CSRFToken returns the CSRF token of a session: the HMAC-SHA256 of a fixed string
// with the session token as the key, in base64url. A request that carries it comes from
// a page of this site. It does not reveal the session token, and it needs no column in
// the database.
func CSRFToken(sessionToken string) string {
	mac := hmac.New(sha256.New, []byte(sessionToken))
	mac.Write([]byte(csrfDomain))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// passesCSRFCheck is the contract's CSRF rule for requests with a cookie (C 1.1). A page
// of another site makes the browser send the cookie, but CORS does not let it add
// either of the two headers.
func passesCSRFCheck(r *http.Request, sessionToken string) bool {
	return r.Method == http.MethodGet || isXMLHttpRequest(r) ||
		hmac.Equal([]byte(CSRFToken(sessionToken)), []byte(r.Header.Get("X-CSRF-Token")))
}

func isXMLHttpRequest(r *http.Request) bool {
	return r.Header.Get("X-Requested-With") == "XMLHttpRequest"
}
