package provider

import (
	"context"

	"github.com/ory/fosite"
)

// publicClientRefresh is the fosite handler that refuses refresh requests of
// public clients (C 2.3, C 1.4 step 6c). Public clients never get a refresh token
// either: see client.GetGrantTypes.
type publicClientRefresh struct{ tokenRule }

var _ fosite.TokenEndpointHandler = publicClientRefresh{}

// HandleTokenEndpointRequest refuses a public client that sends a refresh request.
func (publicClientRefresh) HandleTokenEndpointRequest(_ context.Context, r fosite.AccessRequester) error {
	if r.GetClient().IsPublic() && r.GetGrantTypes().ExactOne("refresh_token") {
		return refuse(codeUnauthorizedClient, "model.oauth.validate_grant.public_client_refresh_token", "Public clients do not get refresh tokens and cannot use them. Start again at /oauth/authorize.")
	}
	return pass
}
