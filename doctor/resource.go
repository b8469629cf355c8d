package doctor

import (
	"context"
	"encoding/json"
	"slices"
)

// checkResource reads the protected resource metadata, if the host of the issuer is a
// protected resource too. Clients such as those of MCP begin there.
func (e *examination) checkResource(ctx context.Context, m map[string]json.RawMessage) {
	a, failed := e.client.get(ctx, e.wellKnown(resourcePath), acceptJSON())
	if failed != nil {
		e.fail(failed)
		return
	}
	d, ok := e.readDocument(a)
	if !ok && a.status >= 400 {
		e.Met(resourceEqual, "The server has no protected resource metadata.")
	}
	if !ok {
		return
	}
	resource, _ := stringMember(d.members, "resource")
	if sameURL(resource, e.asked) {
		e.Met(resourceEqual, "The protected resource is %s.", quote(resource))
	} else {
		e.Broken(resourceEqual, "The protected resource metadata at %s is for the resource %s.", quote(a.url), quote(resource))
	}
	servers, hasServers := listMember(d.members, "authorization_servers")
	issuer, _ := stringMember(m, "issuer")
	switch {
	case hasServers && !slices.Contains(servers, issuer):
		e.Broken(resourceServer, "The protected resource uses other authorization servers: %s.", list(servers))
	default:
		e.Met(resourceServer, "The protected resource uses this authorization server.")
	}
}
