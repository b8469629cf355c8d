package browser_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// client is an app on another site than the gateway's: it is called localhost,
// the gateway 127.0.0.1. It remembers what its callback receives.
//
//	/callback   receives an answer, by GET or by POST, and thanks
//	/onward     the same, and sends the person on to a host of its own
//	/icon.png   is its picture
//	/bad        does what no page of ours may; so does /strict, against its policy
//	/frame?of=  tries to show another site's page
//	/form?to=   tries to make a person send a form to another site
type client struct {
	url      string
	received chan answer
	server   *httptest.Server
}

// answer is what a callback received.
type answer struct {
	method string
	values url.Values
}

func startClient(t *testing.T) *client {
	t.Helper()
	c := &client{received: make(chan answer, 100)}
	c.server = httptest.NewServer(c)
	t.Cleanup(c.server.Close)
	c.url = strings.Replace(c.server.URL, "127.0.0.1", "localhost", 1)
	return c
}

func (c *client) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	switch r.URL.Path {
	case "/callback", "/onward":
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		c.received <- answer{r.Method, r.Form}
		if r.URL.Path == "/onward" {
			http.Redirect(w, r, "http://"+c.elsewhere()+"/welcome", http.StatusFound)
			return
		}
		fmt.Fprint(w, "<!DOCTYPE html><title>App</title><h1>The app has an answer</h1>")
	case "/welcome":
		fmt.Fprint(w, "<!DOCTYPE html><title>App</title><h1>Welcome to the app</h1>")
	case "/icon.png":
		w.Header().Set("Content-Type", "image/svg+xml")
		fmt.Fprint(w, picture)
	case "/bad":
		fmt.Fprintf(w, `<!DOCTYPE html><title>App</title><img src="http://%s/icon.png"><script>alert(1); console.log(2); none.of.these</script>`, c.elsewhere())
	case "/strict":
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		fmt.Fprint(w, `<!DOCTYPE html><title>App</title><p style="color:red">text</p><script>alert(1)</script>`)
	case "/frame":
		fmt.Fprintf(w, `<!DOCTYPE html><title>App</title><iframe src="%s"></iframe>`, html.EscapeString(r.URL.Query().Get("of")))
	case "/form":
		fmt.Fprintf(w, `<!DOCTYPE html><title>App</title><form method="post" action="%s"><button>Send</button></form>`, html.EscapeString(r.URL.Query().Get("to")))
	default:
		http.NotFound(w, r)
	}
}

// host is where the app is; elsewhere is another host of the same app.
func (c *client) host() string { return strings.TrimPrefix(c.url, "http://") }

func (c *client) elsewhere() string {
	_, port, _ := net.SplitHostPort(c.host()) // a test server's address has a port
	return "elsewhere.localhost:" + port
}

// answered is the one answer that the app has received since it was last asked.
func (c *client) answered(t *testing.T) answer {
	t.Helper()
	require.Len(t, c.received, 1, "answers that the app received")
	return <-c.received
}

// redeem gets a token for a code, as the app's server would.
func (c *client) redeem(t *testing.T, g *gateway, a registered, code string) string {
	t.Helper()
	res, err := http.PostForm(g.url+"/oauth/access_token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {a.ID}, "client_secret": {a.Secret}, "code": {code}, "redirect_uri": {c.url + "/callback"},
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, res.Body.Close()) }()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&token))
	require.Equal(t, http.StatusOK, res.StatusCode)
	return token.AccessToken
}

// works reports whether an access token does.
func (g *gateway) works(t *testing.T, token string) bool {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.url+"/api/v4/users/me", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode == http.StatusOK
}

func parseQuery(t *testing.T, query string) url.Values {
	t.Helper()
	values, err := url.ParseQuery(query)
	require.NoError(t, err)
	return values
}
