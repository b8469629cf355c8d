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
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/e2e/browser/drive"
)

// client is an app on another site than the gateway: its host is localhost, and the
// gateway's is 127.0.0.1. It keeps the responses that its callback receives.
//
//	/callback   receives a response by GET or POST, and shows a page
//	/onward     receives a response, and redirects to another host of the app
//	/to-a-scheme  receives a response, and redirects to an app on the device
//	/icon.png   its icon
//	/bad        does what a page of the gateway must not do
//	/strict     the same, against its own Content-Security-Policy
//	/guarded    cancels the first two clicks, and counts those of its other button
//	/frame?of=  shows a page of another site in a frame
//	/form?to=   has a form that posts to another site; so has /form-without-referrer,
//	            whose forms have the origin null
type client struct {
	url      string
	received chan answer
	server   *httptest.Server
}

// answer is a response that the callback received.
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
	case "/callback", "/onward", "/to-a-scheme":
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		c.received <- answer{r.Method, r.Form}
		if r.URL.Path == "/onward" {
			http.Redirect(w, r, "http://"+c.otherHost()+"/welcome", http.StatusFound)
			return
		}
		if r.URL.Path == "/to-a-scheme" {
			http.Redirect(w, r, "com.example.desktop:/done", http.StatusFound)
			return
		}
		fmt.Fprint(w, "<!DOCTYPE html><title>App</title><h1>The app has a response</h1>")
	case "/welcome":
		fmt.Fprint(w, "<!DOCTYPE html><title>App</title><h1>Welcome to the app</h1>")
	case "/icon.png":
		w.Header().Set("Content-Type", "image/svg+xml")
		fmt.Fprint(w, picture)
	case "/bad":
		fmt.Fprintf(w, `<!DOCTYPE html><title>App</title><img src="http://%s/icon.png"><script>alert(1); console.log(2); none.of.these</script>`, c.otherHost())
	case "/strict":
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		fmt.Fprint(w, `<!DOCTYPE html><title>App</title><p style="color:red">text</p><script>alert(1)</script>`)
	case "/guarded":
		fmt.Fprint(w, guardedPage)
	case "/guarded-next":
		fmt.Fprintf(w, `<!DOCTYPE html><title>App</title><form action="/nowhere"><button>Go on</button></form><h1>Clicks before: %s</h1>`, html.EscapeString(r.URL.Query().Get("clicks")))
	case "/frame":
		fmt.Fprintf(w, `<!DOCTYPE html><title>App</title><iframe src="%s"></iframe>`, html.EscapeString(r.URL.Query().Get("of")))
	case "/form", "/form-without-referrer":
		if r.URL.Path == "/form-without-referrer" {
			w.Header().Set("Referrer-Policy", "no-referrer")
		}
		fmt.Fprintf(w, `<!DOCTYPE html><title>App</title><form method="post" action="%s"><button>Send</button></form>`, html.EscapeString(r.URL.Query().Get("to")))
	default:
		http.NotFound(w, r)
	}
}

// guardedPage starts a guard when it is clicked, so that no test of aria-disabled before
// the click can know of it.
const guardedPage = `<!DOCTYPE html><title>App</title>
<form action="/guarded-next"><input type="hidden" name="clicks"><button id="go">Go on</button></form>
<button id="count">Count</button><output>0</output>
<script>
let clicks = 0;
const go = document.getElementById("go");
go.addEventListener("click", event => {
  document.querySelector("[name=clicks]").value = ++clicks;
  if (clicks > 2) return;
  event.preventDefault();
  go.setAttribute("aria-disabled", "true");
  setTimeout(() => go.removeAttribute("aria-disabled"), 50);
});
document.getElementById("count").addEventListener("click", () => { document.querySelector("output").textContent++; });
</script>`

// host returns the host of the app.
func (c *client) host() string { return strings.TrimPrefix(c.url, "http://") }

// otherHost returns another host of the same app.
func (c *client) otherHost() string {
	_, port, _ := net.SplitHostPort(c.host()) // the address of a test server has a port
	return "other.localhost:" + port
}

// answered returns the one response that the app has received since the last call.
func (c *client) answered(t *testing.T) answer {
	t.Helper()
	require.Len(t, c.received, 1, "responses that the app received")
	return <-c.received
}

// await waits for a response of a tab that then shows no other page, because the app
// hands the user to an app on the device.
func (c *client) await(t *testing.T, tab *drive.Tab) answer {
	t.Helper()
	select {
	case a := <-c.received:
		return a
	case <-time.After(drive.Patience):
		require.FailNow(t, "the app received no response", "the tab is at %s: %s", tab.URL(), tab.Text("body"))
		return answer{}
	}
}

// redeem redeems a code, as the server of the app does, and returns the access token.
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

// works reports whether the API accepts an access token.
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
