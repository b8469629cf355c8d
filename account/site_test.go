package account_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/account"
	"gatehouse/internal/web"
	"gatehouse/storage"
	"gatehouse/templates"
	"gatehouse/test/testdb"
	"gatehouse/test/testkit"
)

const password = "correct horse battery"

// ownCookie is the name of the site's own session cookie.
const ownCookie = "gatehouse_session_of_the_test"

// site is the package with real storage, real templates and a router.
type site struct {
	t       testing.TB
	base    string
	handler http.Handler
	store   *storage.Store
	users   *account.Users
	service *account.Service
	auth    *account.Authenticator
	setUp   *account.SetUp
	tokens  *accessTokens
	hashed  atomic.Int64 // how many hashes were started
	log     *safeBuffer
}

type siteOption func(*siteConfig)

type siteConfig struct {
	base      string
	siteHTTPS bool
	store     account.Store
	hasher    account.HasherConfig
}

func newSite(t testing.TB, store *storage.Store, options ...siteOption) *site {
	t.Helper()
	c := siteConfig{store: store, hasher: account.HasherConfig{MemoryKiB: 8, Passes: 1, Queue: 1000, ClientQueue: 1000, MaxWait: time.Minute}}
	for _, option := range options {
		option(&c)
	}
	s := &site{t: t, base: c.base, store: store, tokens: &accessTokens{}, log: &safeBuffer{}}
	log := slog.New(slog.NewTextHandler(s.log, nil))
	observe := c.hasher.Observe
	c.hasher.Observe = func(running int) {
		s.hashed.Add(1)
		if observe != nil {
			observe(running)
		}
	}
	hasher := account.NewHasher(c.hasher)
	forms, err := web.NewKeptForms(&url.URL{Scheme: "http", Host: "example.com", Path: c.base}, make([]byte, 32))
	require.NoError(t, err)
	cookies := account.Cookies{Session: ownCookie, BasePath: c.base, SiteHTTPS: c.siteHTTPS}
	renderer, err := templates.New(templates.Site{BasePath: c.base})
	require.NoError(t, err)

	s.users = account.NewUsers(account.UsersConfig{Store: c.store, Hasher: hasher, Log: log})
	s.service, err = account.NewService(account.ServiceConfig{Store: c.store, Hasher: hasher, Secret: make([]byte, 32), Log: log})
	require.NoError(t, err)
	s.auth = account.NewAuthenticator(account.AuthenticatorConfig{Store: c.store, Tokens: s.tokens, Cookies: cookies, Log: log})
	s.setUp = account.NewSetUp(account.SetUpConfig{Store: c.store, Users: s.users})
	handler := account.NewHandler(account.HandlerConfig{
		Service: s.service, Authenticator: s.auth, SetUp: s.setUp, Store: c.store,
		Renderer: renderer, Forms: forms, Cookies: cookies, Log: log,
	})
	s.handler = s.auth.RenewCookies(testkit.Serve(c.base, handler.Routes()))
	return s
}

// user creates a user with the constant password.
func (s *site) user(username string, roles ...string) gatehouse.User {
	s.t.Helper()
	u, err := s.users.CreateUser(s.t.Context(), gatehouse.Caller{}, gatehouse.User{
		Username: username, Email: username + "@example.com", Roles: roles,
	}, password)
	require.NoError(s.t, err)
	return u
}

// request is one request; a zero field sends nothing.
type request struct {
	method, path string
	body         string // JSON, or a form on pages
	header       http.Header
	cookie       string // MMAUTHTOKEN
	own          string // the site's own session cookie
	ip           string
	form         []*http.Cookie // the cookie of a refused form
}

// do sends a request. The path is below the base path. It returns the page that shows a
// refused form, to which the answer redirects.
func (s *site) do(r request) *httptest.ResponseRecorder {
	s.t.Helper()
	w := s.send(r)
	if to := w.Header().Get("Location"); w.Code == http.StatusSeeOther && (strings.Contains(to, "kept_form=") || strings.HasPrefix(to, s.base+"/setup?")) {
		shown := r
		shown.method, shown.path, shown.body, shown.form = http.MethodGet, strings.TrimPrefix(to, s.base), "", w.Result().Cookies()
		return s.send(shown)
	}
	return w
}

// send is do without following a redirect.
func (s *site) send(r request) *httptest.ResponseRecorder {
	s.t.Helper()
	if r.method == "" {
		r.method = http.MethodGet
	}
	req := httptest.NewRequestWithContext(s.t.Context(), r.method, s.base+r.path, strings.NewReader(r.body))
	if r.method == http.MethodPost && !strings.HasPrefix(r.path, "/api/") {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	if r.cookie != "" {
		req.AddCookie(&http.Cookie{Name: "MMAUTHTOKEN", Value: r.cookie})
	}
	if r.own != "" {
		req.AddCookie(&http.Cookie{Name: ownCookie, Value: r.own})
	}
	for _, c := range r.form {
		req.AddCookie(c)
	}
	if r.ip != "" {
		req.RemoteAddr = r.ip + ":1234"
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, req)
	return w
}

// signIn returns the session token of a new session.
func (s *site) signIn(loginID string) string {
	s.t.Helper()
	w := s.do(login(loginID, password))
	require.Equal(s.t, http.StatusOK, w.Code, w.Body)
	return w.Header().Get("Token")
}

func login(loginID, password string) request {
	return request{method: "POST", path: "/api/v4/users/login", body: jsonOf(map[string]string{"login_id": loginID, "password": password})}
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// events lists the audit trail as "event outcome", in no order: ids of the same millisecond have none.
func (s *site) events() []string {
	s.t.Helper()
	events, err := s.store.AuditEvents(s.t.Context(), "", 100)
	require.NoError(s.t, err)
	var lines []string
	for _, e := range events {
		lines = append(lines, e.Event+" "+e.Outcome)
	}
	return lines
}

// accessTokens stands in for package provider: a token is a prefix and a key.
type accessTokens struct {
	mu   sync.Mutex
	live map[string]gatehouse.Caller
}

func (a *accessTokens) IsAccessToken(token string) bool { return strings.HasPrefix(token, "gha_") }

func (a *accessTokens) AuthenticateAccessToken(_ context.Context, token string) (gatehouse.Grant, gatehouse.User, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	caller, ok := a.live[token]
	if !ok {
		return gatehouse.Grant{}, gatehouse.User{}, gatehouse.ErrNotFound
	}
	return caller.Grant, caller.User, nil
}

// issue returns a valid access token, longer than 50 characters like a real one.
func (a *accessTokens) issue(u gatehouse.User, grantID string) string {
	token := "gha_" + gatehouse.NewSecret() + gatehouse.NewSecret() + gatehouse.NewSecret()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.live == nil {
		a.live = map[string]gatehouse.Caller{}
	}
	a.live[token] = gatehouse.Caller{User: u, Grant: gatehouse.Grant{ID: grantID, UserID: u.ID}}
	return token
}

// safeBuffer is a log that a test reads while requests write to it.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// sqlite opens a private database, for tests in which the engine makes no difference.
func sqlite(t testing.TB) *storage.Store {
	t.Helper()
	return open(t, testdb.SQLite(t))
}

func open(t testing.TB, url string) *storage.Store {
	t.Helper()
	store, err := storage.Open(t.Context(), storage.Options{URL: url, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, store.MigrateUp(t.Context()))
	return store
}

// onEveryEngine runs a test on SQLite and on PostgreSQL.
func onEveryEngine(t *testing.T, test func(t *testing.T, store *storage.Store)) {
	t.Helper()
	testdb.Each(t, func(t *testing.T, url string) { test(t, open(t, url)) })
}

func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
