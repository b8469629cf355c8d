package account

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"time"

	"gatehouse"
	"gatehouse/internal/web"
)

// The contract's cookies (C 1.13). Mattermost and other gateways on the same host use
// the same names, so only API clients that ask for these cookies get them.
const (
	cookieToken  = "MMAUTHTOKEN"
	cookieUserID = "MMUSERID"
	cookieCSRF   = "MMCSRF"
)

// Cookies sets and clears the cookies of a signed-in browser.
//
// Each site has a session cookie of its own, which counts first. The cookies of the
// contract count too, but a cookie of the contract that names no session of this site
// belongs to another site: it has no effect, and is neither overwritten nor deleted.
type Cookies struct {
	Session   string // the name of the site's own session cookie, see web.CookieName
	BasePath  string // the path of the site URL: "" or "/sso"
	SiteHTTPS bool   // the site URL is https, also if a proxy forwards requests by http
}

// set signs the browser in. The cookies of the contract follow if they hold the session
// that the new one replaces, previousToken ("" for none).
func (c Cookies) set(w http.ResponseWriter, r *http.Request, token, userID, previousToken string) {
	http.SetCookie(w, c.cookie(r, c.Session, token, sessionMaxAge))
	if previousToken != "" && slices.Contains(cookieValues(r, cookieToken), previousToken) {
		c.setContract(w, r, token, userID)
	}
}

// setContract sets the cookies of the contract (C 1.13).
func (c Cookies) setContract(w http.ResponseWriter, r *http.Request, token, userID string) {
	http.SetCookie(w, c.cookie(r, cookieToken, token, sessionMaxAge))
	http.SetCookie(w, c.cookie(r, cookieUserID, userID, sessionMaxAge))
	http.SetCookie(w, c.cookie(r, cookieCSRF, CSRFToken(token), sessionMaxAge))
}

const sessionMaxAge = int(gatehouse.SessionLifetime / time.Second)

// clear deletes the cookies that hold one of these session tokens, and with the
// contract's session cookie its other two.
func (c Cookies) clear(w http.ResponseWriter, r *http.Request, tokens ...string) {
	holds := func(name string) bool {
		return slices.ContainsFunc(cookieValues(r, name), func(value string) bool { return slices.Contains(tokens, value) })
	}
	if holds(c.Session) {
		http.SetCookie(w, c.cookie(r, c.Session, "", -1))
	}
	if holds(cookieToken) {
		for _, name := range []string{cookieToken, cookieUserID, cookieCSRF} {
			http.SetCookie(w, c.cookie(r, name, "", -1))
		}
	}
}

// clearSession deletes the cookie of a session that has ended, or of a request that
// failed the CSRF check (C 1.1).
func (c Cookies) clearSession(w http.ResponseWriter, r *http.Request, name string) {
	http.SetCookie(w, c.cookie(r, name, "", -1))
}

// cookie returns one cookie. A negative maxAge deletes it: net/http then writes Max-Age=0.
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
		HttpOnly: name != cookieUserID && name != cookieCSRF,
		Secure:   c.SiteHTTPS || web.ClientOf(r).HTTPS,
		SameSite: http.SameSiteLaxMode,
	}
}

// maxCookieValues is how many cookies of one name count. A browser sends several if
// they were set for different paths or domains.
const maxCookieValues = 4

// cookieValues returns the values of the cookies with this name that are not empty.
func cookieValues(r *http.Request, name string) (values []string) {
	for _, cookie := range r.CookiesNamed(name) {
		if cookie.Value != "" && len(values) < maxCookieValues {
			values = append(values, cookie.Value)
		}
	}
	return values
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
