package web

import "net/http"

// Notices shows a sentence on the page that follows a form, once:
//
//	POST of the form ──▶ Redirect ──303 and a cookie with the name of the sentence──▶ GET of the page ──▶ Take
//
// The cookie holds the name only, and no link can set it, so that another site cannot
// choose what a page says.
type Notices struct {
	Cookie    string // the name of the cookie, see CookieName
	BasePath  string // the path of the site URL: "" or "/sso"
	SiteHTTPS bool   // the site URL is https, also if a proxy forwards requests by http
}

// noticeSeconds is how long a notice waits for its page.
const noticeSeconds = 60

// Redirect sends the browser to a page after a form was carried out, as the function
// Redirect does. The page that calls Take next shows the notice with this name.
func (n Notices) Redirect(w http.ResponseWriter, r *http.Request, localURL, name string) {
	http.SetCookie(w, n.cookie(r, name, noticeSeconds))
	Redirect(w, r, localURL)
}

// Take returns the sentence that a form left for the next page, and deletes the
// cookie. sentences are those of the page by name; it returns "" for any other name.
func (n Notices) Take(w http.ResponseWriter, r *http.Request, sentences map[string]string) string {
	c, err := r.Cookie(n.Cookie)
	if err != nil {
		return ""
	}
	http.SetCookie(w, n.cookie(r, "", -1))
	return sentences[c.Value]
}

func (n Notices) cookie(r *http.Request, name string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: n.Cookie, Value: name, Path: n.BasePath + "/", MaxAge: maxAge, HttpOnly: true,
		Secure: n.SiteHTTPS || ClientOf(r).HTTPS, SameSite: http.SameSiteLaxMode,
	}
}
