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

// setHeaders sets what a page needs to be safe from being framed, cached,
// sniffed and injected into. Nothing inline is allowed: no template has any.
func setHeaders(h http.Header, f Frame, p Page) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // authorization requests stand in our URLs
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; "+
		"img-src 'self' http: https: data:; form-action "+formAction(f, p)+"; frame-ancestors 'none'; base-uri 'none'")
}

// formAction lists where the forms of a page may lead.
//
// Browsers apply form-action to every redirect that follows a form, not only to
// the first. Where a form leads out to an app, the app may send the person on to
// another origin of its own, which nobody here can know: so any https page may
// follow, and any http page where the app itself is on http, as in development.
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

// formSource is the source expression for a target. It refuses whatever could
// end the expression or the directive: targets come from registered URIs.
//
// A policy cannot name an IP address other than 127.0.0.1 (CSP3 §6.7.2.7), so
// for the others the scheme has to do.
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
