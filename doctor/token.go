package doctor

import (
	"context"
	"net/http"
)

// checkToken sends an empty form to the token endpoint, asks with GET, and asks whether
// scripts of other sites may use it. No request has a code, a token or a client.
func (e *examination) checkToken(ctx context.Context, endpoint string) {
	if endpoint == "" {
		return
	}
	header := acceptJSON()
	header.Set("Content-Type", "application/x-www-form-urlencoded")
	a, failed := e.client.send(ctx, http.MethodPost, endpoint, header, "")
	if failed != nil {
		e.fail(failed)
		return
	}
	e.checkTokenError(a)
	e.checkTokenGet(ctx, endpoint)
	e.checkTokenCORS(ctx, endpoint)
}

// checkTokenError judges the answer to an empty token request.
func (e *examination) checkTokenError(a answer) {
	members, err := parseObject(a.body)
	code, hasCode := stringMember(members, "error")
	switch {
	case a.isRedirect():
		e.Broken(tokenError, "The token endpoint redirects a POST to %s, where the request loses its body.", quote(a.header.Get("Location")))
	case a.status != http.StatusBadRequest && a.status != http.StatusUnauthorized:
		e.Broken(tokenError, "The token endpoint answers %d to an empty request.", a.status)
	case err != nil && a.isHTML():
		e.Broken(tokenError, "The token endpoint answers an empty request with a web page instead of JSON.")
	case err != nil || mediaType(a.header) != "application/json":
		e.Broken(tokenError, "The token endpoint answers an empty request with a text that is not JSON.")
	case !hasCode:
		e.Broken(tokenError, "The JSON with which the token endpoint answers an empty request has no member error that is a string.")
	default:
		e.Met(tokenError, "The token endpoint answers %d with the error %s to an empty request.", a.status, quote(code))
	}
	if e.IsBroken(tokenError) {
		return // the answer may be from a proxy
	}
	switch control := a.header.Get("Cache-Control"); {
	case hasToken(a.header, "Cache-Control", "no-store"):
		e.Met(tokenCache, "Caches do not store the answers of the token endpoint.")
	case control == "":
		e.Broken(tokenCache, "The token endpoint sends no Cache-Control, so a cache may store tokens.")
	default:
		e.Broken(tokenCache, "The Cache-Control of the token endpoint is %s, so a cache may store tokens.", quote(control))
	}
}

func (e *examination) checkTokenGet(ctx context.Context, endpoint string) {
	a, failed := e.client.get(ctx, endpoint, acceptJSON())
	switch {
	case failed != nil:
		e.fail(failed)
	case a.status < 400:
		e.Broken(tokenGet, "The token endpoint answers %d to GET.", a.status)
	default:
		e.Met(tokenGet, "The token endpoint refuses GET with status %d.", a.status)
	}
}

func (e *examination) checkTokenCORS(ctx context.Context, endpoint string) {
	a, failed := e.preflight(ctx, endpoint, http.MethodPost)
	h := a.header
	switch {
	case failed != nil:
		e.fail(failed)
	case a.status > 299:
		e.Broken(tokenCORS, "The token endpoint answers a preflight with status %d.", a.status)
	case !allowsOrigin(h):
		e.Broken(tokenCORS, "The token endpoint answers a preflight without Access-Control-Allow-Origin for the origin.")
	case !hasToken(h, "Access-Control-Allow-Headers", "Content-Type") && !hasToken(h, "Access-Control-Allow-Headers", "*"):
		e.Broken(tokenCORS, "The token endpoint answers a preflight without Content-Type in Access-Control-Allow-Headers.")
	case !hasToken(h, "Access-Control-Allow-Headers", "Authorization"): // "*" does not cover it
		e.Broken(tokenCORS, "The token endpoint answers a preflight without Authorization in Access-Control-Allow-Headers.")
	default:
		e.Met(tokenCORS, "Scripts of other sites can use the token endpoint.")
	}
}
