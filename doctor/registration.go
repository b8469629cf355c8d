package doctor

import (
	"context"
	"net/http"
)

// notARegistration is the body that the registration endpoint gets. It is not JSON, so it
// cannot register a client (RFC 7591 §3.1).
const notARegistration = "This is a check by gatehouse doctor. It registers no client."

// checkRegistration looks whether registration is open. It never registers a client.
func (e *examination) checkRegistration(ctx context.Context, endpoint string) {
	if endpoint == "" {
		e.Met(registrationState, "The server announces no registration endpoint for this check.")
		return
	}
	header := acceptJSON()
	header.Set("Content-Type", "text/plain")
	a, failed := e.client.send(ctx, http.MethodPost, endpoint, header, notARegistration)
	switch {
	case failed != nil:
		e.fail(failed)
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		e.Met(registrationState, "The server announces registration, but only for callers that it knows: it answers %d.", a.status)
	case a.status >= 400 && a.status <= 499:
		e.Met(registrationState, "Registration is open: the endpoint answers %d to a request that is not a registration, and does not ask who sends it.", a.status)
	default:
		e.Broken(registrationState, "The registration endpoint answers %d to a request that is not a registration.", a.status)
	}
}
