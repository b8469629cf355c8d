package registration_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
)

// FuzzRegister sends any body. The response is always JSON with an expected status, and
// every registered app follows the rules.
func FuzzRegister(f *testing.F) {
	for _, seed := range []string{
		someClient, ``, `{}`, `null`, `[]`, `{"redirect_uris":[null]}`, `{"redirect_uris":["cursor://x/cb","http://[::1]:1/cb"],"token_endpoint_auth_method":"none"}`,
		`{"redirect_uris":["https://app.example.com/cb"],"client_name":"\u202e","client_uri":"https://x","logo_uri":"https://x/y","scope":"a b"}`,
		`{"redirect_uris":["https://app.example.com/cb"],"grant_types":["implicit","authorization_code"],"response_types":["token"]}`,
		`{"redirect_uris":["https://u@app.example.com:443@evil/cb"],"token_endpoint_auth_methods_supported":["none"]}`, "{\"\xff\":1}", `{"a":{"a":{"a":[[[[]]]]}}}`, `{"a":1,"a":2}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		store := &memory{}
		w := post(endpoint(store, registration.UnlimitedRate()), "192.0.2.1", body)
		require.Contains(t, []int{http.StatusCreated, http.StatusBadRequest, http.StatusRequestEntityTooLarge}, w.Code)
		require.True(t, json.Valid(w.Body.Bytes()))
		if w.Code != http.StatusCreated {
			require.Empty(t, store.apps)
			return
		}
		require.Len(t, store.apps, 1)
		app := store.apps[0]
		require.NoError(t, registration.Check(app))
		require.True(t, app.IsDynamicallyRegistered && !app.IsTrusted && app.CreatorID == "")
		require.Equal(t, app.IsPublic, app.SecretHash == "")
		require.True(t, utf8.ValidString(app.Name))
		for _, uri := range app.RedirectURIs {
			require.NoError(t, gatehouse.CheckRedirectURI(uri, app.IsPublic))
			matched, ok := gatehouse.MatchRedirectURI(uri, app.RedirectURIs)
			require.True(t, ok)
			require.Equal(t, uri, matched)
		}
	})
}
