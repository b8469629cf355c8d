package doctor

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// maxSignInRedirects is how many redirects lead from the issuer to its sign-in page.
const maxSignInRedirects = 5

// checkSignInPage opens the issuer as a user does who is not signed in, and judges
// the page that appears. It follows redirects only within the site.
func (e *examination) checkSignInPage(ctx context.Context) {
	at := e.issuer.String()
	for range maxSignInRedirects {
		a, failed := e.client.get(ctx, at, http.Header{"Accept": {"text/html"}})
		if failed != nil {
			e.fail(failed)
			return
		}
		e.checkCookies(a)
		from, to := location(a)
		switch {
		case !a.isRedirect():
			if a.status == http.StatusOK && a.isHTML() {
				e.checkFrame(a)
			}
			return
		case to == nil || !sameOrigin(from, to):
			return
		}
		at = to.String()
	}
}

// checkFrame judges whether another site can show a page in a frame.
func (e *examination) checkFrame(a answer) {
	option := strings.ToUpper(strings.TrimSpace(a.header.Get("X-Frame-Options")))
	if option == "DENY" || option == "SAMEORIGIN" || limitsAncestors(a.header) {
		e.Met(pageFrame, "Other sites cannot show %s in a frame.", quote(a.url))
		return
	}
	e.Broken(pageFrame, "Other sites can show %s in a frame and make the user click there.", quote(a.url))
}

// limitsAncestors reports whether a Content-Security-Policy has the directive
// frame-ancestors without a wildcard for every site.
func limitsAncestors(h http.Header) bool {
	for _, policy := range h.Values("Content-Security-Policy") {
		for directive := range strings.FieldsFuncSeq(policy, func(r rune) bool { return r == ';' || r == ',' }) {
			words := strings.Fields(strings.ToLower(directive))
			if len(words) > 1 && words[0] == "frame-ancestors" {
				return !slices.ContainsFunc(words[1:], func(w string) bool { return w == "*" || w == "https:" || w == "http:" })
			}
		}
	}
	return false
}

// checkCookies judges the flags of the cookies of an answer. It never shows their values.
func (e *examination) checkCookies(a answer) {
	var insecure, readable, crossSite []string
	cookies := (&http.Response{Header: a.header}).Cookies()
	for _, c := range cookies {
		if c.MaxAge < 0 { // it is deleted
			continue
		}
		if !c.Secure && e.issuer.Scheme == "https" {
			insecure = append(insecure, c.Name)
		}
		if !c.HttpOnly {
			readable = append(readable, c.Name)
		}
		if c.SameSite == 0 || c.SameSite == http.SameSiteDefaultMode {
			crossSite = append(crossSite, c.Name)
		}
	}
	if len(cookies) == 0 {
		return
	}
	for _, flag := range []struct {
		rule, name string
		without    []string
	}{{cookieSecure, "Secure", insecure}, {cookieHTTPOnly, "HttpOnly", readable}, {cookieSameSite, "SameSite", crossSite}} {
		if len(flag.without) > 0 {
			e.Broken(flag.rule, "Cookies of %s have no %s: %s.", quote(a.url), flag.name, list(flag.without))
		} else {
			e.Met(flag.rule, "The cookies of %s have %s where they need it.", quote(a.url), flag.name)
		}
	}
}
