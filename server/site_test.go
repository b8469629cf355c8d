package server_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/web"
	"gatehouse/server"
	"gatehouse/templates"
)

// endpoints are the routes of the other packages, with their policies. They answer with
// their name and where the request came from.
func endpoints() []web.Route {
	echo := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			c := web.ClientOf(r)
			scheme := "http"
			if c.HTTPS {
				scheme = "https"
			}
			_, _ = io.WriteString(w, strings.Join([]string{name, r.Method, c.IP, scheme}, " "))
		}
	}
	fails := func(http.ResponseWriter, *http.Request) { panic("a bug in the handler") }
	failsLate := func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half a page")
		panic("a bug in the handler")
	}
	read := func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		if err != nil {
			web.WriteJSONError(w, r, slog.New(slog.DiscardHandler), err)
		}
	}
	notForm := func(r *http.Request) bool { return !web.SendsForm(r) }
	noQuery := func(r *http.Request) bool { return r.URL.RawQuery == "" }
	var page web.Policy
	login := web.Policy{MaxURI: 3*16384 + 64}
	authorizeJSON := web.Policy{Errors: web.ContractErrors, MaxURI: 16384}
	route := func(method, path string, handler http.HandlerFunc, policy web.Policy) web.Route {
		return web.Route{Method: method, Path: path, Handler: handler, Policy: policy}
	}
	matched := func(matches func(*http.Request) bool, route web.Route) web.Route {
		route.Matches = matches
		return route
	}
	return []web.Route{
		route("GET", "/", echo("home"), page),
		route("GET", "/login", echo("login"), login),
		route("POST", "/login", echo("login"), login),
		route("GET", "/oauth/authorize", echo("authorize"), page),
		matched(notForm, route("POST", "/oauth/authorize", echo("authorize"), authorizeJSON)),
		matched(noQuery, route("POST", "/oauth/authorize", echo("authorize"), web.Policy{CrossSite: true})),
		route("POST", "/oauth/authorize", echo("authorize"), page),
		route("POST", "/oauth/access_token", echo("token"), web.OAuthPolicy()),
		route("POST", "/oauth/revoke", echo("revoke"), web.OAuthPolicy()),
		route("POST", "/oauth/introspect", echo("introspect"), web.OAuthPolicy()),
		route("POST", "/oauth/deauthorize", echo("deauthorize"), web.APIPolicy()),
		route("GET", "/api/v4/users/me", echo("me"), web.MetadataPolicy()),
		route("POST", "/api/v4/oauth/apps/register", echo("register"), web.OAuthPolicy()),
		route("GET", "/api/v4/oauth/apps/{app_id}", echo("app"), web.APIPolicy()),
		route("PUT", "/api/v4/oauth/apps/{app_id}", echo("app"), web.APIPolicy()),
		route("DELETE", "/api/v4/oauth/apps/{app_id}", echo("app"), web.APIPolicy()),
		{Path: "/.well-known/oauth-", Prefix: true, Policy: web.MetadataPolicy()},
		{Path: "/.well-known/", Prefix: true, Policy: web.APIPolicy()},
		{Path: "/api/", Prefix: true, Policy: web.APIPolicy()},
		route("POST", "/read", read, page),
		route("GET", "/panic", fails, page),
		route("GET", "/api/panic", fails, web.APIPolicy()),
		route("GET", "/panic/late", failsLate, page),
	}
}

// testSite is a handler with its log.
type testSite struct {
	http.Handler
	log  *logBuffer
	host string // of the site URL
}

func newSite(t *testing.T, change func(*server.HandlerConfig), more ...web.Route) testSite {
	t.Helper()
	log := &logBuffer{}
	c := server.HandlerConfig{
		SiteURL: mustURL(t, "http://gatehouse.example.com"), Version: "1.2.3", Build: "abc",
		Ready: func(context.Context) error { return nil },
		Log:   slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&c)
	}
	renderer, err := templates.New(templates.Site{BasePath: c.SiteURL.Path})
	require.NoError(t, err)
	c.Renderer = renderer
	c.Routes = append(endpoints(), more...)
	h, err := server.NewHandler(c)
	require.NoError(t, err)
	return testSite{h, log, c.SiteURL.Host}
}

// send sends a request to the host of the site URL, unless the test has set another one.
func (s testSite) send(r *http.Request) *httptest.ResponseRecorder {
	if r.Host == "example.com" { // httptest's default
		r.Host = s.host
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func (s testSite) get(target string, header ...string) *httptest.ResponseRecorder {
	return s.send(request(http.MethodGet, target, "", header...))
}

// request returns a request; header alternates names and values.
func request(method, target, body string, header ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	require.NoError(t, err)
	return u
}

func prefixes(t *testing.T, list ...string) []netip.Prefix {
	t.Helper()
	var ps []netip.Prefix
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		require.NoError(t, err)
		ps = append(ps, p)
	}
	return ps
}

// logBuffer is a buffer that handlers and the test use at the same time.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
