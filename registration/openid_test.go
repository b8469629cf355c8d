package registration_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

// register sends a registration and returns the response.
func registerOpenID(t *testing.T, g *testkit.Gateway, members string) (status int, response map[string]any) {
	t.Helper()
	body := `{"redirect_uris":["https://rp.example.com/cb"],"application_type":"web","subject_type":"public"` + members + `}`
	res, err := http.Post(g.URL+"/api/v4/oauth/apps/register", "application/json", strings.NewReader(body))
	require.NoError(t, err)
	defer func() { require.NoError(t, res.Body.Close()) }()
	require.NoError(t, json.NewDecoder(res.Body).Decode(&response))
	return res.StatusCode, response
}

// OpenID Connect Registration §3.2: the response has what was registered, and the app keeps it.
func TestRegistrationOfOpenIDMetadata(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, "true")
		sent := map[string]any{
			"id_token_signed_response_alg": "ES256",
			"post_logout_redirect_uris":    []any{"https://rp.example.com/out", "http://localhost:1234/out"},
			"backchannel_logout_uri":       "https://rp.example.com/backchannel", "backchannel_logout_session_required": true,
			"default_max_age": 600.0, "require_auth_time": true, "initiate_login_uri": "https://rp.example.com/start",
			"policy_uri": "https://rp.example.com/privacy", "tos_uri": "https://rp.example.com/terms", "contacts": []any{"ada@example.com"},
		}
		encoded, err := json.Marshal(sent)
		require.NoError(t, err)
		status, response := registerOpenID(t, g, ","+strings.Trim(string(encoded), "{}"))
		require.Equal(t, http.StatusCreated, status, response)
		for name, value := range sent {
			require.Equal(t, value, response[name], name)
		}
		app, err := g.Store.App(t.Context(), response["client_id"].(string))
		require.NoError(t, err)
		require.Equal(t, gatehouse.AppOpenID{
			IDTokenAlgorithm: "ES256", PostLogoutRedirectURIs: []string{"https://rp.example.com/out", "http://localhost:1234/out"},
			BackchannelLogoutURI: "https://rp.example.com/backchannel",
			DefaultMaxAge:        10 * time.Minute,
			InitiateLoginURI:     "https://rp.example.com/start", PolicyURI: "https://rp.example.com/privacy", TermsURI: "https://rp.example.com/terms", Contacts: []string{"ada@example.com"},
		}, app.OpenID)

		status, response = registerOpenID(t, g, `,"policy_uri":"javascript:alert(1)","tos_uri":"http://rp.example.com","initiate_login_uri":7,"contacts":["`+strings.Repeat(`a","`, 10)+`a"]`)
		require.Equal(t, http.StatusCreated, status)
		for name := range sent {
			require.NotContains(t, response, name, "not sent, or not valid and only informs")
		}
	})
}

func TestOpenIDMetadataThatAreRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, "true")
		for name, member := range map[string]string{
			"an unknown algorithm":         `"id_token_signed_response_alg":"HS256"`,
			"the algorithm none":           `"id_token_signed_response_alg":"none"`,
			"an encrypted ID token":        `"id_token_encrypted_response_alg":"RSA-OAEP"`,
			"signed UserInfo":              `"userinfo_signed_response_alg":"RS256"`,
			"a pairwise subject":           `"subject_type":"pairwise"`,
			"a plain http return URI":      `"post_logout_redirect_uris":["http://rp.example.com/out"]`,
			"a script as a return URI":     `"post_logout_redirect_uris":["javascript:alert(1)"]`,
			"a return URI with a wildcard": `"post_logout_redirect_uris":["https://*.example.com/out"]`,
			"return URIs that are no list": `"post_logout_redirect_uris":"https://rp.example.com/out"`,
			"too long return URIs":         `"post_logout_redirect_uris":["https://rp.example.com/` + strings.Repeat("x", 1100) + `"]`,
			"a negative age":               `"default_max_age":-1`,
			"an age of zero":               `"default_max_age":0`,
			"an age of text":               `"default_max_age":"x"`,
			"a flag of text":               `"require_auth_time":"x"`,
		} {
			t.Run(name, func(t *testing.T) {
				status, response := registerOpenID(t, g, ","+member)
				require.Equal(t, http.StatusBadRequest, status, response)
				require.Equal(t, "invalid_client_metadata", response["error"])
				require.Greater(t, len(response["error_description"].(string)), 20)
			})
		}
	})
}

// The management API sets what an app has for OpenID Connect. A request without the
// members, as the contract's clients send it, changes none of them.
func TestOpenIDMembersOfTheAPI(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin := g.SignedIn(t, g.Admin(t, "root"))
		send := func(method, path, body string) (int, map[string]any) {
			r, err := http.NewRequest(method, g.URL+"/api/v4/oauth/apps"+path, strings.NewReader(body))
			require.NoError(t, err)
			r.Header.Set("X-Requested-With", "XMLHttpRequest")
			answer := admin.Do(t, r)
			var object map[string]any
			require.NoError(t, json.Unmarshal([]byte(answer.Body), &object), answer.Body)
			return answer.Status, object
		}
		const contract = `"name":"RP","callback_urls":["https://rp.example.com/cb"],"homepage":"https://rp.example.com"`
		status, app := send(http.MethodPost, "", `{`+contract+`,"id_token_signed_response_alg":"EdDSA","post_logout_redirect_uris":["https://rp.example.com/out"],"backchannel_logout_uri":"http://rp.intern/out"}`)
		require.Equal(t, http.StatusCreated, status, app)
		require.Equal(t, "EdDSA", app["id_token_signed_response_alg"])
		id := app["id"].(string)
		status, app = send(http.MethodPut, "/"+id, `{"id":"`+id+`",`+contract+`}`)
		require.Equal(t, http.StatusOK, status, app)
		require.Equal(t, "EdDSA", app["id_token_signed_response_alg"])
		require.Equal(t, []any{"https://rp.example.com/out"}, app["post_logout_redirect_uris"])
		require.Equal(t, "http://rp.intern/out", app["backchannel_logout_uri"])
		status, app = send(http.MethodPut, "/"+id, `{"id":"`+id+`",`+contract+`,"id_token_signed_response_alg":"","post_logout_redirect_uris":[],"backchannel_logout_uri":""}`)
		require.Equal(t, http.StatusOK, status, app)
		for _, name := range []string{"id_token_signed_response_alg", "post_logout_redirect_uris", "backchannel_logout_uri"} {
			require.NotContains(t, app, name)
		}
		status, app = send(http.MethodPut, "/"+id, `{"id":"`+id+`",`+contract+`,"id_token_signed_response_alg":"none"}`)
		require.Equal(t, http.StatusBadRequest, status, app)
	})
}

// The form of an app sets the same, and keeps what it does not show.
func TestOpenIDFieldsOfTheForm(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin := g.SignedIn(t, g.Admin(t, "root"))
		app := g.App(t, nil)
		edit := "/integrations/oauth2-apps/" + app.ID + "/edit"
		form := url.Values{
			"name": {app.Name}, "description": {"An app"}, "homepage": {app.Homepage}, "callback_urls": {testkit.RedirectURI}, "is_trusted": {"false"},
			"id_token_signed_response_alg": {"ES256"}, "post_logout_redirect_uris": {" https://app.example.com/out \n\n"},
			"backchannel_logout_uri": {" https://app.example.com/backchannel "},
		}
		require.Equal(t, http.StatusSeeOther, admin.Submit(t, edit, form).Status)
		stored := func() gatehouse.AppOpenID {
			a, err := g.Store.App(t.Context(), app.ID)
			require.NoError(t, err)
			return a.OpenID
		}
		want := gatehouse.AppOpenID{IDTokenAlgorithm: "ES256", PostLogoutRedirectURIs: []string{"https://app.example.com/out"}, BackchannelLogoutURI: "https://app.example.com/backchannel"}
		require.Equal(t, want, stored())
		page := admin.Get(t, edit).Page(t)
		require.Equal(t, "ES256", page.Find("[name=id_token_signed_response_alg][checked]").AttrOr("value", ""))
		require.Equal(t, "https://app.example.com/out", strings.TrimSpace(page.Find("#post_logout_redirect_uris").Text()))

		form.Set("post_logout_redirect_uris", "javascript:alert(1)")
		refused := admin.Post(t, edit, form)
		require.Equal(t, http.StatusBadRequest, refused.Status)
		require.Equal(t, "javascript:alert(1)", strings.TrimSpace(refused.Page(t).Find("#post_logout_redirect_uris").Text()), "what was typed is kept")
		require.Equal(t, "ES256", refused.Page(t).Find("[name=id_token_signed_response_alg][checked]").AttrOr("value", ""))

		g.Set(t, gatehouse.SettingEnableOpenIDConnect, "false")
		require.Zero(t, admin.Get(t, edit).Page(t).Find("#post_logout_redirect_uris").Length())
		for _, name := range []string{"id_token_signed_response_alg", "post_logout_redirect_uris"} {
			form.Del(name)
		}
		require.Equal(t, http.StatusSeeOther, admin.Submit(t, edit, form).Status)
		require.Equal(t, want, stored())
	})
}

// OpenID Connect Back-Channel Logout §2.2. Package egress decides which addresses are reached.
func TestBackchannelLogoutURIsAreChecked(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, "true")
		const public = `,"token_endpoint_auth_method":"none"`
		for _, tc := range []struct {
			uri, members string
			status       int
		}{
			{"https://rp.example.com/out?tenant=1", "", http.StatusCreated},
			{"https://10.0.0.1:8443/out", "", http.StatusCreated},
			{"http://rp.intern/out", "", http.StatusCreated},
			{"https://rp.example.com/out", public, http.StatusCreated},
			{"http://rp.intern/out", public, http.StatusBadRequest},
			{"https://rp.example.com/out#part", "", http.StatusBadRequest},
			{"https://user:secret@rp.example.com/out", "", http.StatusBadRequest},
			{"/out", "", http.StatusBadRequest},
			{"https://", "", http.StatusBadRequest},
			{"ftp://rp.example.com/out", "", http.StatusBadRequest},
			{"javascript:alert(1)", "", http.StatusBadRequest},
			{"https://rp.example.com/" + strings.Repeat("x", 512), "", http.StatusBadRequest},
		} {
			status, response := registerOpenID(t, g, `,"backchannel_logout_uri":"`+tc.uri+`"`+tc.members)
			require.Equal(t, tc.status, status, "%s: %v", tc.uri, response)
			if status == http.StatusBadRequest {
				require.Equal(t, "invalid_client_metadata", response["error"])
			}
		}
		for _, members := range []string{`,"backchannel_logout_uri":7`, `,"backchannel_logout_session_required":"yes"`} {
			status, _ := registerOpenID(t, g, members)
			require.Equal(t, http.StatusBadRequest, status, members)
		}
	})
}
