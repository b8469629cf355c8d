package provider

import (
	"net/url"
	"testing"

	"github.com/ory/fosite"
	"github.com/stretchr/testify/require"

	"gatehouse"
)

// fositeClients are a public and a confidential app as fosite sees them.
func fositeClients() (public, confidential *client) {
	return &client{app: gatehouse.App{ID: gatehouse.NewID(), IsPublic: true}}, &client{app: gatehouse.App{ID: gatehouse.NewID()}}
}

// The handler refuses by itself, even if the authorization endpoint did not check.
func TestPublicClientPKCEAtTheAuthorizationEndpoint(t *testing.T) {
	public, confidential := fositeClients()
	cases := []struct {
		name         string
		client       *client
		responseType string
		challenge    string
		refused      bool
	}{
		{"a public client without a challenge", public, "code", "", true},
		{"a public client with a challenge", public, "code", "c", false},
		{"a public client with the implicit grant", public, "token", "", false},
		{"a confidential client without a challenge", confidential, "code", "", false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			r := fosite.NewAuthorizeRequest()
			r.Client, r.ResponseTypes, r.Form = tc.client, fosite.Arguments{tc.responseType}, url.Values{"code_challenge": {tc.challenge}}
			err := publicClientPKCE{}.HandleAuthorizeEndpointRequest(t.Context(), r, nil)
			if !tc.refused {
				require.NoError(t, err)
				return
			}
			require.Equal(t, "invalid_request", asRefusal(err).Code)
		})
	}
}

func TestPublicClientHandlersAtTheTokenEndpoint(t *testing.T) {
	public, confidential := fositeClients()
	cases := []struct {
		name    string
		handler fosite.TokenEndpointHandler
		client  *client
		form    url.Values
		code    string // of the refusal; "" if the request passes
	}{
		{"a public client redeems without a verifier", publicClientPKCE{}, public, url.Values{"grant_type": {"authorization_code"}}, "invalid_grant"},
		{"a public client redeems with a verifier", publicClientPKCE{}, public, url.Values{"grant_type": {"authorization_code"}, "code_verifier": {"v"}}, ""},
		{"a confidential client redeems without a verifier", publicClientPKCE{}, confidential, url.Values{"grant_type": {"authorization_code"}}, ""},
		{"a public client refreshes", publicClientRefresh{}, public, url.Values{"grant_type": {"refresh_token"}}, "unauthorized_client"},
		{"a public client redeems", publicClientRefresh{}, public, url.Values{"grant_type": {"authorization_code"}}, ""},
		{"a confidential client refreshes", publicClientRefresh{}, confidential, url.Values{"grant_type": {"refresh_token"}}, ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			r := fosite.NewAccessRequest(&session{})
			r.Client, r.Form, r.GrantTypes = tc.client, tc.form, fosite.Arguments{tc.form.Get("grant_type")}
			require.True(t, tc.handler.CanHandleTokenEndpointRequest(t.Context(), r))
			require.False(t, tc.handler.CanSkipClientAuth(t.Context(), r))
			err := tc.handler.HandleTokenEndpointRequest(t.Context(), r)
			if tc.code == "" {
				require.ErrorIs(t, err, fosite.ErrUnknownRequest, "a rule never handles a request")
				return
			}
			require.Equal(t, tc.code, asRefusal(err).Code)
			require.ErrorIs(t, tc.handler.PopulateTokenEndpointResponse(t.Context(), r, nil), fosite.ErrUnknownRequest)
		})
	}
}
