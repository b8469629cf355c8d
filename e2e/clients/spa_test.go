package clients_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/e2e/browser/drive"
)

// singlePageApp runs node/oidc-client-ts in Chromium. A real user agent is needed,
// because the app sends its requests from another origin than the gateway's.
func singlePageApp(t *testing.T, g *gateway) {
	t.Helper()
	var configuration []byte
	url := serveSinglePageApp(t, &configuration)
	app := g.app(t, "--name", "A single-page app", "--callback-url", url+"/callback", "--public", "--post-logout-redirect-uri", url+"/", "--id-token-algorithm", "ES256")
	var err error
	configuration, err = json.Marshal(map[string]string{"gateway": g.url, "clientID": app.ID})
	require.NoError(t, err)

	browser, err := drive.Start()
	require.NoError(t, err)
	defer func() { require.NoError(t, browser.Close()) }()
	tab := browser.Tab(t, drive.Options{Site: g.url, Visits: []string{strings.TrimPrefix(url, "http://")}})
	tab.Open(url + "/")
	tab.AwaitHeading("Signed out")
	tab.Press("Sign in")
	tab.Fill("Username or email", bob.name)
	tab.Fill("Password", bob.password)
	tab.Press("Sign in")
	tab.Press("Allow")
	tab.AwaitHeading("Hello, " + bob.name)
	first := result(t, tab)
	require.Equal(t, bob.email, first.Email)
	require.False(t, first.Refresh, "a public app gets no refresh token")

	tab.Press("Renew")
	tab.AwaitHeading("Hello, " + bob.name)
	renewed := result(t, tab)
	require.NotEqual(t, first.Token, renewed.Token)
	require.Equal(t, first.Subject, renewed.Subject)
	require.Equal(t, first.AuthTime, renewed.AuthTime, "the user did not sign in again")

	tab.Press("Sign out")
	tab.Await(url + "/")
	tab.AwaitHeading("Signed out")
	tab.Press("Renew")
	tab.AwaitHeading("Signed out")
	tab.Press("Sign in")
	require.Equal(t, "Sign in", tab.Heading(), "the session of the gateway has ended")
}

// profile is what the page of the app shows.
type profile struct {
	Subject  string `json:"sub"`
	Email    string `json:"email"`
	AuthTime int64  `json:"auth_time"`
	Token    string `json:"token"`
	Refresh  bool   `json:"refresh"`
}

func result(t *testing.T, tab *drive.Tab) profile {
	t.Helper()
	var p profile
	require.NoError(t, json.Unmarshal([]byte(tab.Text("#result")), &p))
	return p
}

// serveSinglePageApp serves the files of the app on a loopback port and returns its URL.
// Browsers give pages on localhost the functions that PKCE needs, even without TLS.
func serveSinglePageApp(t *testing.T, configuration *[]byte) string {
	t.Helper()
	modules, err := nodeModules()
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/oidc-client-ts.min.js":
			http.ServeFile(w, r, filepath.Join(modules, "oidc-client-ts", "dist", "browser", "oidc-client-ts.min.js"))
		case "/app.js":
			http.ServeFile(w, r, "node/oidc-client-ts/app.js")
		case "/configuration.js":
			_, _ = w.Write(append([]byte("window.configuration = "), *configuration...)) // If writing fails, the app fails.
		default:
			http.ServeFile(w, r, "node/oidc-client-ts/page.html")
		}
	}))
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}
