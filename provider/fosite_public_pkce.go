package provider

import (
	"context"

	"github.com/ory/fosite"
)

// publicClientPKCE is the fosite handler that makes PKCE mandatory for public
// clients in the code flow (RFC 7636 §4.4.1, RFC 9700 §2.1.1, C 2.4): a
// code_challenge at the authorization endpoint and a code_verifier at the token
// endpoint. Whether the two match is for presentedRules.
type publicClientPKCE struct{ tokenRule }

var (
	_ fosite.AuthorizeEndpointHandler = publicClientPKCE{}
	_ fosite.TokenEndpointHandler     = publicClientPKCE{}
)

// HandleAuthorizeEndpointRequest refuses a public client without a code_challenge.
// The authorization endpoint has checked the same before it asked the user.
func (publicClientPKCE) HandleAuthorizeEndpointRequest(_ context.Context, r fosite.AuthorizeRequester, _ fosite.AuthorizeResponder) error {
	if r.GetClient().IsPublic() && r.GetResponseTypes().Has("code") && r.GetRequestForm().Get("code_challenge") == "" {
		return challengeRequired()
	}
	return nil
}

// HandleTokenEndpointRequest refuses a public client that redeems a code without a
// code_verifier.
func (publicClientPKCE) HandleTokenEndpointRequest(_ context.Context, r fosite.AccessRequester) error {
	if r.GetClient().IsPublic() && r.GetGrantTypes().ExactOne("authorization_code") && r.GetRequestForm().Get("code_verifier") == "" {
		return refuse(codeInvalidGrant, "model.oauth.validate_grant.pkce_required", "This is a public client. Send the code_verifier that belongs to the code_challenge (PKCE).")
	}
	return pass
}
