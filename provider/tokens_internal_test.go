package provider

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

func TestAccessTokenNeverHasMoreThanItsGrant(t *testing.T) {
	const api, other = "https://api.example.com", "https://other.example.com"
	cases := map[string]struct {
		token, grant accessToken
		want         *accessToken // nil: the token is refused
	}{
		"the same":                     {token: accessToken{Scopes: []string{"a", "b"}, Resource: api}, grant: accessToken{Scopes: []string{"b", "a"}, Resource: api}, want: &accessToken{Scopes: []string{"a", "b"}, Resource: api}},
		"fewer scopes":                 {token: accessToken{Scopes: []string{"a"}}, grant: accessToken{Scopes: []string{"a", "b"}}, want: &accessToken{Scopes: []string{"a"}}},
		"more scopes":                  {token: accessToken{Scopes: []string{"a", "admin"}}, grant: accessToken{Scopes: []string{"a"}}, want: &accessToken{Scopes: []string{"a"}}},
		"a scope in another case":      {token: accessToken{Scopes: []string{"a", "B"}}, grant: accessToken{Scopes: []string{"a", "b"}}, want: &accessToken{Scopes: []string{"a"}}},
		"only other scopes":            {token: accessToken{Scopes: []string{"admin"}}, grant: accessToken{Scopes: []string{"a"}}},
		"a grant without scopes":       {token: accessToken{Scopes: []string{"a"}}, grant: accessToken{}},
		"a resource of the token only": {token: accessToken{Scopes: []string{"a"}, Resource: api}, grant: accessToken{Scopes: []string{"a"}}, want: &accessToken{Scopes: []string{"a"}, Resource: api}},
		"a resource of the grant only": {token: accessToken{Scopes: []string{"a"}}, grant: accessToken{Scopes: []string{"a"}, Resource: api}, want: &accessToken{Scopes: []string{"a"}, Resource: api}},
		"another resource":             {token: accessToken{Scopes: []string{"a"}, Resource: other}, grant: accessToken{Scopes: []string{"a"}, Resource: api}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			row := gatehouse.Grant{
				ID: gatehouse.NewID(), UserID: gatehouse.NewID(), AppID: gatehouse.NewID(), Generation: 1, UsedGeneration: 1,
				Scopes: c.grant.Scopes, Resource: c.grant.Resource, ExpiresAt: time.Now().Add(time.Hour),
			}
			h := newHandler(t, oneGrant{grant: row})
			claims := c.token
			// The user and the app of the claims are different ones, which must have no effect.
			claims.GrantID, claims.Generation, claims.UserID, claims.AppID = row.ID, 1, gatehouse.NewID(), gatehouse.NewID()
			claims.ExpiresAt = time.Now().Add(time.Hour).UnixMilli()
			sealed, err := h.tokens.access.Seal(claims)
			require.NoError(t, err)
			grant, user, err := h.tokens.AuthenticateAccessToken(t.Context(), sealed)
			if c.want == nil {
				require.ErrorIs(t, err, gatehouse.ErrNotFound)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want.Scopes, grant.Scopes)
			require.Equal(t, c.want.Resource, grant.Resource)
			require.Equal(t, []string{row.UserID, row.AppID}, []string{user.ID, grant.AppID})
		})
	}
}
