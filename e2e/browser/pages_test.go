package browser_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/e2e/browser/drive"
)

// furnished is a gateway whose pages all show some data: ada created an app, and ada
// and bob have consented to it.
type furnished struct {
	*gateway
	client *client
	app    registered
	bobID  string
	group  string     // the path of a group, in which bob is
	tab    *drive.Tab // ada is signed in
}

func furnish(t *testing.T, app *client, appFlags ...string) *furnished {
	t.Helper()
	f := &furnished{gateway: start(t), client: app}
	f.app = f.gateway.app(t, append([]string{"--callback-url", f.client.url + "/callback", "--creator", ada.name}, appFlags...)...)
	seeing := drive.Options{Site: f.url, Visits: []string{app.host()}, Icons: []string{app.host()}}
	bobs := chromium.Tab(t, seeing)
	bobs.Open(f.ask())
	signIn(bobs, bob)
	bobs.Press("Allow")
	bobs.Await(f.client.url)
	f.client.redeem(t, f.gateway, f.app, f.client.answered(t).values.Get("code"))

	f.tab = chromium.Tab(t, seeing)
	f.tab.Open(f.ask())
	signIn(f.tab, ada)
	f.tab.Press("Allow")
	f.tab.Await(f.client.url)
	f.client.redeem(t, f.gateway, f.app, f.client.answered(t).values.Get("code"))
	f.tab.Open(f.url + "/console/users")
	f.tab.Press("bob")
	f.bobID = f.tab.Text("#user-id")
	f.tab.Open(f.url + "/console/groups/add")
	f.tab.Fill("Name", "Members")
	f.tab.Press("Create group")
	f.group = "/console/groups/" + f.tab.Text("#group-id")
	f.tab.Fill("Username or email", bob.name)
	f.tab.Press("Add user")
	return f
}

// ask returns the URL of an authorization request of the app.
func (f *furnished) ask(parameters ...string) string {
	return f.authorize(f.app, append(parameters, "redirect_uri", f.client.url+"/callback")...)
}

// paths returns the paths of all pages that ada can reach by links, with their
// statuses.
func (f *furnished) paths() map[string]int {
	app, user := "/integrations/oauth2-apps/"+f.app.ID, "/console/users/"+f.bobID
	paths := map[string]int{"/nowhere": http.StatusNotFound, "/oauth/authorize?client_id=none": http.StatusBadRequest}
	for _, path := range []string{
		"/", "/login?prompt=select_account", "/login?prompt=login", "/logout", f.ask("prompt", "consent")[len(f.url):],
		"/integrations/oauth2-apps", "/integrations/oauth2-apps?search=a", "/integrations/oauth2-apps?search=nothing", "/integrations/oauth2-apps/add",
		app, app + "/edit", app + "/regenerate", app + "/delete",
		"/settings/security", "/settings/security/apps/" + f.app.ID + "/revoke",
		"/console", "/console/users", "/console/users/add", user, user + "/promote", user + "/deactivate", "/console/keys", "/console/audit",
		"/console/groups", "/console/groups/add", f.group, f.group + "/edit", f.group + "/delete", f.group + "/members/" + f.bobID + "/remove",
	} {
		paths[path] = http.StatusOK
	}
	return paths
}

func TestPagesAreAccessibleAndCannotBeFramed(t *testing.T) {
	t.Parallel()
	f := furnish(t, startClient(t), "--name", "Acme Notes", "--description", "Shared notes.", "--homepage", "https://notes.example.com")
	for path, status := range f.paths() {
		f.tab.Open(f.url + path)
		require.Equal(t, status, f.tab.Status(), path)
		require.Equal(t, "DENY", f.tab.Header("X-Frame-Options"), path)
		policy := f.tab.Header("Content-Security-Policy")
		for _, directive := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "script-src 'self';", "style-src 'self';"} {
			require.Contains(t, policy, directive, path)
		}
		require.NotContains(t, policy, "unsafe", path)
		inspect(t, f.tab, path)
	}
}

func TestOtherSitesCannotFramePagesOrSendForms(t *testing.T) {
	t.Parallel()
	f := furnish(t, startClient(t), "--name", "Acme Notes")
	f.tab.Open(f.client.url + "/frame?of=" + f.url + "/settings/security")
	f.tab.Forgive("frame-ancestors")

	// A form of another site has no effect: ada stays signed in.
	f.tab.Open(f.client.url + "/form?to=" + f.url + "/logout")
	f.tab.Press("Send")
	require.Equal(t, http.StatusForbidden, f.tab.Status())
	require.Contains(t, f.tab.Text("main"), "a page of another site")
	f.tab.Open(f.url + "/")
	require.Contains(t, f.tab.Heading(), "Hello")
}

func TestScriptsCannotReadTheSession(t *testing.T) {
	t.Parallel()
	g := start(t)
	tab := g.tab(t, false)
	tab.Open(g.url + "/login")
	require.Empty(t, tab.Cookies(g.url), "a visitor gets no cookie")
	signIn(tab, ada)

	require.Empty(t, drive.Eval[string](tab, `document.cookie`))
	require.Zero(t, drive.Eval[int](tab, `localStorage.length + sessionStorage.length`))
	require.Len(t, tab.Cookies(g.url), 1)
	for _, c := range tab.Cookies(g.url) {
		require.Regexp(t, `^gatehouse_session_[0-9a-f]{8}$`, c.Name)
		require.True(t, c.HTTPOnly, c.Name)
		require.Equal(t, "Lax", string(c.SameSite), c.Name)
		require.Equal(t, "/", c.Path, c.Name)
		require.False(t, c.Session, "%s stays after the browser is closed", c.Name)
		require.False(t, c.Secure, "%s: the site uses plain HTTP", c.Name)
	}

	tab.Press("Sign out")
	require.Empty(t, tab.Cookies(g.url))
}
