package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testdb"
)

// The sessions, codes and tokens of a deleted user stop working at a running gateway.
func TestDeletedUserLosesAccessImmediately(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		env := withAdmin(databaseURL)
		p := serve(t, env...)
		bob := credentials{"bob", "correct horse battery"}
		create := func() (id string) {
			var user struct{ ID string }
			runJSON(t, env, &user, "user", "create", "--username", bob.login, "--email", "bob@example.com", "--password", bob.password)
			return user.ID
		}
		id := create()
		app := newApp(t, databaseURL, "--creator", "bob")
		b := newBrowser(t)
		token, err := at(app, p).Exchange(t.Context(), b.authorize(t, at(app, p).AuthCodeURL("x"), bob))
		require.NoError(t, err)
		code := b.authorize(t, at(app, p).AuthCodeURL("x"), bob)
		api := apiSession(t, p, bob)
		var user struct{ ID string }
		require.Equal(t, http.StatusOK, api(http.MethodGet, "/api/v4/users/me", nil, &user))
		require.Equal(t, id, user.ID)
		run(t, env, "user", "update", "bob", "--username", "robert")
		answer, name, err := me(t.Context(), p, token.AccessToken)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer, "a new username ends nothing")
		require.Equal(t, "robert", name)
		var shown struct {
			Sessions int
			Apps     int `json:"authorized_apps"`
			Created  int `json:"created_apps"`
		}
		runJSON(t, env, &shown, "user", "show", "robert")
		require.Equal(t, 2, shown.Sessions)
		require.Equal(t, 1, shown.Apps)
		require.Equal(t, 1, shown.Created)

		run(t, env, "user", "delete", "robert", "--yes")
		requireMe(t, p, token.AccessToken, http.StatusUnauthorized)
		require.Equal(t, http.StatusUnauthorized, api(http.MethodGet, "/api/v4/users/me", nil, &user))
		_, err = at(app, p).Exchange(t.Context(), code)
		require.ErrorContains(t, err, "invalid_grant")
		_, err = refresh(t.Context(), at(app, p), token)
		require.ErrorContains(t, err, "invalid_grant")
		require.Contains(t, b.get(t, p.url+"/settings/security").url.Path, "/login")
		events := strings.Join(auditEvents(t, databaseURL), " ")
		require.Contains(t, events, "deleteUser")
		require.Contains(t, events, "updateUser")

		// Another user with the same names has another ID and none of the access.
		require.NotEqual(t, id, create())
		requireMe(t, p, token.AccessToken, http.StatusUnauthorized)
		require.Equal(t, http.StatusUnauthorized, api(http.MethodGet, "/api/v4/users/me", nil, &user))
		require.NotContains(t, run(t, env, "app", "show", app.ClientID), "Creator", "the app does not belong to the new user")
		root := apiSession(t, p, admin)
		var object struct {
			CreatorID string `json:"creator_id"`
		}
		require.Eventually(t, func() bool {
			require.Equal(t, http.StatusOK, root(http.MethodGet, "/api/v4/oauth/apps/"+app.ClientID, nil, &object))
			return object.CreatorID == ""
		}, waitTimeout, 50e6, "a node reads an app again after a second")
	})
}

func TestSettingsThatACommandUnsetsApplyToARunningGateway(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		env := []string{"GATEHOUSE_DATABASE_URL=" + databaseURL, "GATEHOUSE_SECRET=" + sealingSecret}
		p := serve(t, env...)
		metadata := func() int {
			answer, _, _ := status(t, p.url+"/.well-known/oauth-authorization-server")
			return answer
		}
		off := metadata()
		run(t, env, "settings", "set", "enable_oauth_service_provider", "true")
		require.Eventually(t, func() bool { return metadata() == http.StatusOK }, waitTimeout, 50e6)
		run(t, env, "settings", "unset", "enable_oauth_service_provider")
		require.Eventually(t, func() bool { return metadata() == off }, waitTimeout, 50e6)
		require.NotEqual(t, http.StatusOK, off)
		require.Equal(t, "false\n", run(t, env, "settings", "get", "enable_oauth_service_provider"))
	})
}

// A newer version may refuse a value that an older one stored. The gateway cannot read its
// settings then, and the command repairs that.
func TestSettingsUnsetRepairsAValueThatIsNotValid(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		env := []string{"GATEHOUSE_DATABASE_URL=" + databaseURL}
		run(t, env, "migrate")
		_, err := openSQL(t, databaseURL).ExecContext(t.Context(), "INSERT INTO settings (key, value, actor_id, update_at) VALUES ('refresh_token_lifetime', 'never', '', 0)")
		require.NoError(t, err)
		require.Contains(t, runFails(t, env, "settings", "list"), `"never" is not valid`)
		require.Contains(t, run(t, env, "settings", "unset", "refresh_token_lifetime"), `The setting refresh_token_lifetime has its default again, "720h0m0s".`)
		require.Equal(t, "720h0m0s\n", run(t, env, "settings", "get", "refresh_token_lifetime"))
	})
}
