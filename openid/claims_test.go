package openid_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/openid"
)

func TestClaimsWithoutAValueAreLeftOut(t *testing.T) {
	user := gatehouse.User{ID: "id", Username: "ada", Email: "ada@example.com", UpdateAt: time.Unix(1, 0), Locale: "pt_BR"}
	scopes := []string{"openid", "profile", "email", "groups"}
	require.Equal(t, map[string]any{
		"sub": "id", "name": "ada", "preferred_username": "ada", "locale": "pt-BR", "updated_at": int64(1), "email": "ada@example.com", "email_verified": false,
		"groups": []string{}, // of a user who is in no group
	}, openid.ClaimsOf(user, nil, scopes, nil))
	user.FirstName, user.LastName, user.Nickname = "Ada", "Lovelace", "al"
	claims := openid.ClaimsOf(user, nil, scopes, nil)
	require.Equal(t, "Ada Lovelace", claims["name"])
	require.Equal(t, "Ada", claims["given_name"])
	require.Equal(t, "Lovelace", claims["family_name"])
	require.Equal(t, "al", claims["nickname"])
	require.Len(t, claims, len(openid.UserClaims()), "discovery lists every claim")
	require.Equal(t, map[string]any{"sub": "id"}, openid.ClaimsOf(user, nil, []string{"openid", "user"}, nil))
}

func TestRequestedClaimsSurviveTheCodeAndTheGrant(t *testing.T) {
	parsed, err := openid.ParseRequestedClaims(`{"userinfo":{"email":null,"address":{"essential":true}},"id_token":{"name":{"essential":true},"sub":{"value":"u"},"acr":{"essential":true,"values":["a",1,"b"]}}}`)
	require.NoError(t, err)
	require.Equal(t, openid.RequestedClaims{UserInfo: []string{"email"}, IDToken: []string{"name"}, Subject: "u", ACRs: []string{"a", "b"}}, parsed)
	require.ElementsMatch(t, []string{"profile", "email"}, parsed.Scopes())
	require.Equal(t, openid.RequestedClaims{UserInfo: []string{"email"}, IDToken: []string{"name"}}, openid.DecodeRequestedClaims(parsed.String()))
	require.Zero(t, openid.DecodeRequestedClaims(""))
	_, err = openid.ParseRequestedClaims(`{"userinfo":{` + strings.Repeat(" ", openid.MaxClaimsParameter) + `}}`)
	require.ErrorIs(t, err, openid.ErrMalformedClaims)
}

func TestSIDIsDifferentForEachApp(t *testing.T) {
	require.Equal(t, openid.SID("session", "app"), openid.SID("session", "app"))
	require.NotEqual(t, openid.SID("session", "app"), openid.SID("session", "other"))
	require.NotEqual(t, openid.SID("session", "app"), openid.SID("other", "app"))
}

func FuzzParseRequestedClaims(f *testing.F) {
	f.Add(`{"userinfo":{"email":null},"id_token":{"acr":{"essential":true,"value":1,"values":[null]}}}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, parameter string) {
		parsed, err := openid.ParseRequestedClaims(parameter)
		if err != nil {
			return
		}
		decoded := openid.DecodeRequestedClaims(parsed.String())
		require.Equal(t, parsed.UserInfo, decoded.UserInfo)
		require.Equal(t, parsed.IDToken, decoded.IDToken)
		_, err = json.Marshal(openid.IDToken{Authentication: openid.Authentication{Claims: decoded}})
		require.NoError(t, err)
	})
}
