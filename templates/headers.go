package templates

import (
	"net/http"
)

// setHeaders sets the headers that protect a page from framing, caching, content
// sniffing and injection. They forbid inline scripts and styles; no template has any.
func setHeaders(h http.Header, p Page) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	// Our URLs contain authorization requests, so other origins get no referrer. The
	// policy is not no-referrer, because browsers then send Origin: null with our own
	// forms, which looks like a forged form.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	policy := "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' http: https: data:; frame-ancestors 'none'; base-uri 'none'"
	if !leavesSite(p) {
		policy += "; form-action 'self'"
	}
	h.Set("Content-Security-Policy", policy)
}

// leavesSite reports whether a form of the page leads to an app, directly or by
// redirects. Such a page has no form-action directive: browsers apply it to every
// redirect that follows the form, also to those of the app, whose targets are
// unknown (CSP3 §6.4.1). Forms cannot be injected into these pages, because every value
// on them is escaped, and they cannot be forged, because they have a CSRF token, need
// the password, or are refused if another site sends them.
func leavesSite(p Page) bool {
	switch page := p.(type) {
	case ConsentPage, FormPostPage:
		return true
	case LoginPage:
		return page.RedirectTo != ""
	case LogoutPage:
		return page.Action != "" // the app that asked to sign the user out
	}
	return false
}
