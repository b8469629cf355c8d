package e2e_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testdb"
)

// apiSession signs in at the API and returns a function that calls the API with JSON.
func apiSession(t *testing.T, p *process, user credentials) func(method, path string, body, answer any) int {
	t.Helper()
	token := ""
	call := func(method, path string, body, answer any) int {
		t.Helper()
		encoded, err := json.Marshal(body)
		require.NoError(t, err)
		r, err := http.NewRequestWithContext(t.Context(), method, p.url+path, bytes.NewReader(encoded))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer func() { _ = res.Body.Close() }()
		if token == "" {
			token = res.Header.Get("Token")
		}
		require.NoError(t, json.NewDecoder(res.Body).Decode(answer))
		return res.StatusCode
	}
	require.Equal(t, http.StatusOK, call(http.MethodPost, "/api/v4/users/login", map[string]string{"login_id": user.login, "password": user.password}, &struct{}{}))
	require.NotEmpty(t, token)
	return call
}

func TestCommandsRefuseRedirectURIsWithTheSentencesOfTheAPI(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		env := withAdmin(databaseURL)
		p := serve(t, env...)
		api := apiSession(t, p, admin)
		app := newApp(t, databaseURL)
		for _, uri := range []string{
			"https://*.example.com/cb", "https://app.example.com:99999/cb", "https://app.example.com/cb#top", "https://user@app.example.com/cb", "cursor://",
			"javascript:alert(1)", "ms-msdt:/id", "smb://host/share", "app.example.com/cb", "https://", "/cb",
		} {
			for _, public := range []bool{false, true} {
				var refused struct{ Message string }
				body := map[string]any{"name": "X", "homepage": "https://app.example.com", "callback_urls": []string{uri}, "is_public": public}
				require.Equal(t, http.StatusBadRequest, api(http.MethodPost, "/api/v4/oauth/apps", body, &refused), uri)
				args := []string{"app", "create", "--name", "X", "--homepage", "https://app.example.com", "--callback-url", uri}
				if public {
					args = append(args, "--public")
				}
				require.Equal(t, "gatehouse: "+refused.Message+"\n", runFails(t, env, args...), uri)
				if !public {
					require.Equal(t, "gatehouse: "+refused.Message+"\n", runFails(t, env, "app", "update", app.ClientID, "--callback-url", uri), uri)
				}
			}
		}
		require.Contains(t, run(t, env, "app", "show", app.ClientID), "https://app.example.com/cb")
	})
}

func TestAppsOfTheCommandLineUseTheDefaultIDTokenAlgorithm(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		env := withAdmin(databaseURL)
		run(t, env, "migrate")
		run(t, env, "settings", "set", "default_id_token_algorithm", "EdDSA")
		for want, flags := range map[string][]string{"EdDSA": nil, "RS256": {"--id-token-algorithm", "RS256"}} {
			created := run(t, env, append([]string{"app", "create", "--name", "App", "--callback-url", "https://app.example.com/cb"}, flags...)...)
			require.Contains(t, created, "signed with "+want)
		}
	})
}

// A running gateway uses the lifetimes that a command sets.
func TestLifetimesThatACommandSetsApplyToTheNextTokens(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		env := withAdmin(databaseURL)
		p := serve(t, env...)
		app := newApp(t, databaseURL, "--access-token-lifetime", "10m", "--refresh-token-lifetime", "2h", "--trusted")
		b := newBrowser(t)
		lifetime := func() int64 {
			token, err := at(app, p).Exchange(t.Context(), b.authorize(t, at(app, p).AuthCodeURL("x"), admin))
			require.NoError(t, err)
			_, err = refresh(t.Context(), at(app, p), token)
			require.NoError(t, err)
			return token.ExpiresIn
		}
		require.EqualValues(t, 600, lifetime())
		run(t, env, "app", "update", app.ClientID, "--access-token-lifetime", "2m")
		require.Eventually(t, func() bool { return lifetime() == 120 }, waitTimeout, 100e6, "every node sees the change within a second")
		run(t, env, "app", "update", app.ClientID, "--access-token-lifetime", "default")
		require.Eventually(t, func() bool { return lifetime() == 3600 }, waitTimeout, 100e6)

		var shown struct {
			Access  *int64 `json:"access_token_lifetime_seconds"`
			Refresh *int64 `json:"refresh_token_lifetime_seconds"`
		}
		runJSON(t, env, &shown, "app", "show", app.ClientID)
		require.Nil(t, shown.Access)
		require.EqualValues(t, 7200, *shown.Refresh)
		require.Contains(t, strings.Join(auditEvents(t, databaseURL), " "), "updateOAuthApp")
	})
}
