package templates

import (
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"gatehouse"
)

// setHeaders sets the headers that protect a page from framing, caching, content
// sniffing and injection. They forbid inline scripts and styles; no template has any.
func setHeaders(h http.Header, f Frame, p Page) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // our URLs contain authorization requests
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; "+
		"img-src 'self' http: https: data:; form-action "+formAction(f, p)+"; frame-ancestors 'none'; base-uri 'none'")
}

// formAction returns the sources of the form-action directive of a page.
//
// Browsers apply form-action to every redirect that follows a form, not only to
// the first. If a form leads to an app, the app may redirect the browser to another
// origin, which we do not know. Therefore every https page may follow, and every http
// page if the app itself uses http, as in development.
func formAction(f Frame, p Page) string {
	targets := f.FormTargets
	if post, ok := p.(FormPostPage); ok {
		targets = append(slices.Clone(targets), gatehouse.RedirectOrigin(post.Action))
	}
	sources := []string{"'self'"}
	add := func(s string) {
		if !slices.Contains(sources, s) {
			sources = append(sources, s)
		}
	}
	for _, target := range targets {
		if s, ok := formSource(target); ok {
			add(s)
			add("https:")
			if strings.HasPrefix(s, "http:") {
				add("http:")
			}
		}
	}
	return strings.Join(sources, " ")
}

var (
	hostSource   = regexp.MustCompile(`^https?://[A-Za-z0-9.-]+(:[0-9]+)?$`)
	schemeSource = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:$`)
)

// formSource returns the source expression for a target. It rejects a target that
// could end the expression or the directive, because targets come from registered
// URIs.
//
// A policy cannot name an IP address other than 127.0.0.1 (CSP3 §6.7.2.7). For
// other addresses, the expression is the scheme.
func formSource(target string) (source string, ok bool) {
	if schemeSource.MatchString(target) {
		return target, true
	}
	u, err := url.Parse(target)
	if err != nil {
		return "", false
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && ip != netip.AddrFrom4([4]byte{127, 0, 0, 1}) &&
		(u.Scheme == "http" || u.Scheme == "https") {
		return u.Scheme + ":", true
	}
	return target, hostSource.MatchString(target)
}
