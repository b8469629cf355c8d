package account_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/mux"
	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/account"
	"gatehouse/internal/audit"
	"gatehouse/storage"
	"gatehouse/templates"
)

const password = "correct horse battery"

// site is the package in its place: real storage, real templates, a router.
type site struct {
	t       testing.TB
	base    string
	handler http.Handler
	store   *storage.Store
	people  *account.Users
	service *account.Service
	auth    *account.Authenticator
	setUp   *account.SetUp
	tokens  *accessTokens
	hashed  atomic.Int64 // hashes that began
	log     *safeBuffer
}

type siteOption func(*siteConfig)

type siteConfig struct {
	base      string
	siteHTTPS bool
	auditor   audit.Recorder
	hasher    account.HasherConfig
}

func newSite(t testing.TB, store *storage.Store, options ...siteOption) *site {
	t.Helper()
	c := siteConfig{auditor: store, hasher: account.HasherConfig{MemoryKiB: 8, Passes: 1, Queue: 1000, MaxWait: time.Minute}}
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
	cookies := account.Cookies{BasePath: c.base, SiteHTTPS: c.siteHTTPS}
	renderer, err := templates.New(templates.Site{BasePath: c.base})
	require.NoError(t, err)

	s.people = account.NewUsers(store, c.auditor, hasher, log)
	s.service, err = account.NewService(store, c.auditor, hasher, make([]byte, 32), log)
	require.NoError(t, err)
	s.auth = account.NewAuthenticator(account.AuthenticatorConfig{Store: store, Tokens: s.tokens, Cookies: cookies, Log: log})
	s.setUp = account.NewSetUp(store, s.people)
	router := mux.NewRouter()
	account.NewHandler(account.HandlerConfig{
		Service: s.service, Authenticator: s.auth, SetUp: s.setUp, Grants: store,
		FormTargets: formTargets{}, Settings: store, Renderer: renderer, Cookies: cookies, Log: log,
	}).Register(router.PathPrefix(c.base).Subrouter())
	s.handler = s.auth.RenewCookies(router)
	return s
}

// person makes a user who signs in with password.
func (s *site) person(username string, roles ...string) gatehouse.User {
	s.t.Helper()
	u, err := s.people.CreateUser(s.t.Context(), gatehouse.Caller{}, gatehouse.User{
		Username: username, Email: username + "@example.com", Roles: roles,
	}, password)
	require.NoError(s.t, err)
	return u
}

// request is one call; the zero fields send nothing.
type request struct {
	method, path string
	body         string // JSON, or a form on pages
	header       http.Header
	cookie       string // MMAUTHTOKEN
	ip           string
}

// do sends a request. The path is below the base path.
func (s *site) do(r request) *httptest.ResponseRecorder {
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

// events are the audit log, as "event outcome", in no order: ids of one millisecond have none.
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

// issue returns a live access token, longer than 50 characters as real ones are.
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

// formTargets sends authorization requests on to one client.
type formTargets struct{}

func (formTargets) FormTarget(_ context.Context, localURL string) string {
	if strings.Contains(localURL, "/oauth/authorize?") {
		return "https://app.example.com"
	}
	return ""
}

// safeBuffer is a log that tests read while others write.
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
