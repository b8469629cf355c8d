package browser_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/e2e/browser/drive"
)

// script runs if a page shows it as anything but text.
const script = `"'></textarea></title><img src=x onerror=__xss=1><script>alert(__xss=1)</script>`

// requireText requires that the page shows the script as text and has not run it.
func requireText(t *testing.T, tab *drive.Tab, where string) {
	t.Helper()
	require.True(t, drive.Eval[bool](tab, `typeof window.__xss === "undefined"`), "%s: a script ran", where)
	require.Zero(t, drive.Eval[int](tab, `document.querySelectorAll("img[src=x], script:not([src^='/static/']), [onerror]").length`), where)
}

// The watch of each tab also fails the test if a page opens a dialog, breaks its
// policy or requests the picture.
func TestScriptsInUserInputDoNotRun(t *testing.T) {
	t.Parallel()
	app := startClient(t)
	address := func(path string) string { return app.url + "/" + path + "?" + script }
	f := furnish(t, app, "--name", script[:64], "--description", script, "--homepage", address("home"), "--icon-url", address("icon.png"))
	query := url.QueryEscape(script)

	bobs := chromium.Tab(t, drive.Options{Site: f.url, Icons: []string{app.host()}})
	bobs.SetUserAgent("<img src=x onerror=__xss=1>")
	bobs.Open(f.url + "/login?redirect_to=" + query)
	bobs.Fill("Username or email", script)
	bobs.Fill("Password", "wrong")
	bobs.Press("Sign in")
	require.Equal(t, script, bobs.Value("Username or email"))
	requireText(t, bobs, "sign-in")
	signIn(bobs, bob)
	bobs.Open(f.url + "/settings/security")
	require.Contains(t, bobs.Text("main"), "<img src=x onerror=__xss=1>", "the name of the browser")
	requireText(t, bobs, "security")

	tab := chromium.Tab(t, drive.Options{Site: f.url, Icons: []string{app.host()}})
	tab.Open(f.url + "/login")
	signIn(tab, ada)
	paths := f.paths()
	for _, path := range []string{"/integrations/oauth2-apps?search=" + query, "/console/users?search=" + query} {
		paths[path] = http.StatusOK
	}
	paths["/"+query] = http.StatusNotFound
	paths["/oauth/authorize?response_type=code&client_id="+f.app.ID+"&redirect_uri="+query] = http.StatusBadRequest
	paths["/oauth/authorize?response_type=code&client_id="+query] = http.StatusBadRequest
	for path, status := range paths {
		tab.Open(f.url + path)
		require.Equal(t, status, tab.Status(), path)
		requireText(t, tab, path)
	}
	tab.Open(f.url + "/integrations/oauth2-apps/" + f.app.ID)
	require.Equal(t, script[:64], tab.Heading())
	require.Contains(t, tab.Text("main"), script, "the description")
	tab.Press("Edit")
	require.Equal(t, script, tab.Value("Description"))
	tab.Fill("Homepage", script)
	tab.Fill("Icon URL", script)
	tab.Press("Save changes")
	require.Equal(t, http.StatusBadRequest, tab.Status())
	require.Equal(t, script, tab.Value("Homepage"))
	requireText(t, tab, "the form with errors")

	tab.Open(f.url + "/console/users/add")
	tab.Fill("Username", script)
	tab.Fill("Email", script)
	tab.Fill("Password", "eve-the-user")
	tab.Press("Create user")
	require.Equal(t, script, tab.Value("Username"))
	requireText(t, tab, "the form of a user")

	tab.Open(f.url + "/console")
	tab.Fill("Refresh tokens", script)
	tab.Press("Save settings")
	require.Equal(t, script, tab.Value("Refresh tokens"))
	requireText(t, tab, "the settings")
}

func TestSelfRegisteredAppRunsNoScriptAndShowsNoPicture(t *testing.T) {
	t.Parallel()
	g, app := start(t, "enable_dynamic_client_registration"), startClient(t)
	body, err := json.Marshal(map[string]any{
		"client_name": script[:64], "client_uri": app.url + "/?" + script, "logo_uri": app.url + "/icon.png",
		"redirect_uris": []string{app.url + "/callback?" + script},
	})
	require.NoError(t, err)
	res, err := http.Post(g.url+"/api/v4/oauth/apps/register", "application/json", bytes.NewReader(body))
	require.NoError(t, err)
	defer func() { require.NoError(t, res.Body.Close()) }()
	var itself struct {
		ID string `json:"client_id"`
	}
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, res.StatusCode, string(answer))
	require.NoError(t, json.Unmarshal(answer, &itself))

	tab := g.tab(t, false, app) // pictures of other hosts are not allowed
	tab.Open(g.authorize(registered{ID: itself.ID}, "state", script))
	signIn(tab, bob)
	require.Equal(t, script[:64]+" asks for access to your account", tab.Heading())
	require.Contains(t, tab.Text(".notice.warn"), "This app registered itself.")
	require.Zero(t, drive.Eval[int](tab, `document.querySelectorAll("main img").length`))
	requireText(t, tab, "consent")

	tab.Press("Allow")
	tab.Await(app.url)
	got := app.answered(t)
	require.Equal(t, script, got.values.Get("state"), "state is unchanged")
	require.NotEmpty(t, got.values.Get("code"))
	require.True(t, strings.HasPrefix(tab.URL(), app.url+"/callback?"))
}
