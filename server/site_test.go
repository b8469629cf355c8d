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

	"github.com/gorilla/mux"
	"github.com/stretchr/testify/require"

	"gatehouse/internal/web"
	"gatehouse/server"
	"gatehouse/templates"
)

// routes stands for the handlers of the other packages.
type routes func(r *mux.Router)

func (f routes) Register(r *mux.Router) { f(r) }

// endpoints answer with who they are and where the request came from.
func endpoints(r *mux.Router) {
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
	r.HandleFunc("/", echo("home")).Methods("GET")
	r.HandleFunc("/login", echo("login")).Methods("GET", "POST")
	r.HandleFunc("/oauth/authorize", echo("authorize")).Methods("GET", "HEAD")
	r.HandleFunc("/oauth/authorize", echo("authorize")).Methods("POST")
	r.HandleFunc("/oauth/access_token", echo("token")).Methods("POST")
	r.HandleFunc("/oauth/deauthorize", echo("deauthorize")).Methods("POST")
	r.HandleFunc("/api/v4/users/me", echo("me")).Methods("GET")
	r.HandleFunc("/api/v4/oauth/apps/{app_id}", echo("app")).Methods("GET", "PUT", "DELETE")
	r.HandleFunc("/api/v4/oauth/apps/register", echo("register")).Methods("POST")
	r.HandleFunc("/read", func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		if err != nil {
			web.WriteJSONError(w, r, slog.New(slog.DiscardHandler), err)
		}
	}).Methods("POST")
	r.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("the handler's mistake") })
	r.HandleFunc("/api/panic", func(http.ResponseWriter, *http.Request) { panic("the handler's mistake") })
	r.HandleFunc("/panic/late", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half a page")
		panic("the handler's mistake")
	})
}

// testSite is a handler with what it logged.
type testSite struct {
	http.Handler
	log *logBuffer
}

func newSite(t *testing.T, change func(*server.Config), more ...server.Registrar) testSite {
	t.Helper()
	log := &logBuffer{}
	c := server.Config{
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
	h, err := server.New(c, append([]server.Registrar{routes(endpoints)}, more...)...)
	require.NoError(t, err)
	return testSite{h, log}
}

func (s testSite) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func (s testSite) get(target string, header ...string) *httptest.ResponseRecorder {
	return s.send(request(http.MethodGet, target, "", header...))
}

// request makes a request; header are names and values in turn.
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

// logBuffer is written by handlers and read by the test.
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
