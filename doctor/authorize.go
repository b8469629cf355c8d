package doctor

import (
	"context"
	"net/http"
	"net/url"
)

// checkAuthorize requests the authorization endpoint without parameters. There is no
// client to which an error could be sent, so the server must show a page.
func (e *examination) checkAuthorize(ctx context.Context, endpoint string) {
	if endpoint == "" {
		return
	}
	a, failed := e.client.get(ctx, endpoint, http.Header{"Accept": {"text/html"}})
	if failed != nil {
		e.fail(failed)
		return
	}
	switch from, to := location(a); {
	case a.isRedirect() && (to == nil || !sameOrigin(from, to)):
		e.Broken(authorizeRedirect, "The authorization endpoint redirects a request without parameters to %s.", quote(a.header.Get("Location")))
	case a.isRedirect():
		e.Met(authorizeRedirect, "The authorization endpoint redirects to no other site.")
		e.Broken(authorizePage, "The authorization endpoint redirects a request without parameters to %s instead of showing an error.", quote(to.String()))
	case a.status < 400 || a.status > 499:
		e.Met(authorizeRedirect, "The authorization endpoint does not redirect a request without parameters.")
		e.Broken(authorizePage, "The authorization endpoint answers %d to a request without parameters.", a.status)
	default:
		e.Met(authorizeRedirect, "The authorization endpoint does not redirect a request without parameters.")
		e.Met(authorizePage, "The authorization endpoint shows an error with status %d.", a.status)
	}
	e.checkCookies(a)
	if a.isHTML() && a.status == http.StatusOK { // A page with an error has nothing to click.
		e.checkFrame(a)
	}
	p, failed := e.preflight(ctx, endpoint, http.MethodGet)
	switch {
	case failed != nil:
		e.fail(failed)
	case p.header.Get("Access-Control-Allow-Origin") != "":
		e.Broken(authorizeCORS, "The authorization endpoint lets scripts of other sites read its answers.")
	default:
		e.Met(authorizeCORS, "The authorization endpoint has no CORS.")
	}
}

// preflight asks as a browser does whether a script of another site may send a request
// with a method and the headers Authorization and Content-Type.
func (e *examination) preflight(ctx context.Context, endpoint, method string) (answer, *failure) {
	return e.client.send(ctx, http.MethodOptions, endpoint, http.Header{
		"Origin": {origin}, "Access-Control-Request-Method": {method}, "Access-Control-Request-Headers": {"authorization,content-type"},
	}, "")
}

// location returns the URL of an answer and the URL to which it redirects, which is nil if
// it cannot be parsed.
func location(a answer) (from, to *url.URL) {
	from, err := url.Parse(a.url)
	if err != nil {
		return nil, nil
	}
	to, err = from.Parse(a.header.Get("Location"))
	if err != nil {
		return from, nil
	}
	return from, to
}
