package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testdb"
)

// A command opens an app to a group, and a running gateway obeys at once.
func TestGroupCommandsDecideWhoUsesAnApp(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		env := withAdmin(databaseURL)
		p := serve(t, env...)
		app := newApp(t, databaseURL)
		require.Contains(t, run(t, env, "app", "show", app.ClientID), "all users")

		var group struct {
			ID      string
			Name    string
			Members []string
			Apps    int `json:"app_count"`
		}
		runJSON(t, env, &group, "group", "create", "--name", "Grafana Admins", "--description", "They run Grafana")
		require.Equal(t, "Grafana Admins", group.Name)
		require.Contains(t, runFails(t, env, "group", "create", "--name", "grafana ADMINS"), "Another group has this name.")
		require.Contains(t, runFails(t, env, "group", "create", "--name", "a,b"), "It must not have a comma")
		require.Contains(t, runFails(t, env, "group", "show", "nothing"), "`gatehouse group list` lists all groups")
		run(t, env, "group", "add", "Grafana Admins", admin.login)
		require.Contains(t, runFails(t, env, "group", "add", "grafana admins", admin.login), `the user "root" is already in group Grafana Admins`)
		require.Contains(t, run(t, env, "user", "show", admin.login), "Grafana Admins")

		var object struct {
			IsRestricted bool `json:"is_restricted"`
			Groups       []string
		}
		runJSON(t, env, &object, "app", "update", app.ClientID, "--group", "grafana admins")
		require.True(t, object.IsRestricted)
		require.Equal(t, []string{"Grafana Admins"}, object.Groups)
		require.Contains(t, runFails(t, env, "app", "update", app.ClientID, "--group", "x", "--all-users"), "use only one of")
		require.Contains(t, run(t, env, "app", "show", app.ClientID), "members of Grafana Admins")

		b := newBrowser(t)
		token, err := at(app, p).Exchange(t.Context(), b.authorize(t, at(app, p).AuthCodeURL("x"), admin))
		require.NoError(t, err)
		run(t, env, "group", "update", group.ID, "--name", "Admins")
		requireMe(t, p, token.AccessToken, http.StatusOK)
		runJSON(t, env, &group, "group", "show", "ADMINS")
		require.Equal(t, []string{admin.login}, group.Members)
		require.Equal(t, 1, group.Apps)

		run(t, env, "group", "remove", "Admins", admin.login)
		requireMe(t, p, token.AccessToken, http.StatusUnauthorized)
		_, err = refresh(t.Context(), at(app, p), token)
		require.ErrorContains(t, err, "invalid_grant")
		page := b.get(t, at(app, p).AuthCodeURL("x"))
		require.Equal(t, http.StatusForbidden, page.status)
		require.Contains(t, runFails(t, env, "group", "remove", "Admins", admin.login), `the user "root" is not in group Admins`)

		run(t, env, "group", "delete", "Admins")
		require.Contains(t, run(t, env, "app", "show", app.ClientID), "no user, because all its groups were deleted")
		require.Equal(t, http.StatusForbidden, b.get(t, at(app, p).AuthCodeURL("x")).status)
		require.NotContains(t, run(t, env, "group", "list"), "Admins")
		run(t, env, "app", "update", app.ClientID, "--all-users")
		require.NotEmpty(t, b.authorize(t, at(app, p).AuthCodeURL("x"), admin))
		require.Contains(t, strings.Join(auditEvents(t, databaseURL), " "), "updateOAuthAppAccess")
	})
}
