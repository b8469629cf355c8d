package account_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/account"
)

const me = "/api/v4/users/me"

func TestTheFirstTokenFoundWins(t *testing.T) {
	s := newSite(t, sqlite(t))
	ana, ben := s.user("ana"), s.user("ben")
	anas, bens := s.signIn("ana"), s.signIn("ben")
	app := s.tokens.issue(ben, gatehouse.NewID())
	bad := gatehouse.NewSecret()

	for name, tc := range map[string]struct {
		request request
		want    string // user id; "" = 401
	}{
		"cookie":                       {request{path: me, cookie: anas}, ana.ID},
		"cookie before header":         {request{path: me, cookie: anas, header: bearer(bens)}, ana.ID},
		"own cookie first":             {request{path: me, own: anas, cookie: bens, header: bearer(bens)}, ana.ID},
		"another site's cookie":        {request{path: me, cookie: bad, header: bearer(bens)}, ben.ID},
		"another site's cookie, query": {request{path: me + "?access_token=" + app, cookie: bad}, ben.ID},
		"another site's cookie alone":  {request{path: me, cookie: bad}, ""},
		"own cookie is over":           {request{path: me, own: bad, cookie: anas}, ana.ID},
		"both cookies are bad":         {request{path: me, own: bad, cookie: bad, header: bearer(bad)}, ""},
		"cookie before query":          {request{path: me + "?access_token=" + app, cookie: anas}, ana.ID},
		"header before query":          {request{path: me + "?access_token=" + app, header: bearer(anas)}, ana.ID},
		"bad header before query":      {request{path: me + "?access_token=" + app, header: bearer(bad)}, ""},
		"Bearer":                       {request{path: me, header: bearer(anas)}, ana.ID},
		"BEARER":                       {request{path: me, header: http.Header{"Authorization": {"BEARER " + anas}}}, ana.ID},
		"bEaReR, any separator":        {request{path: me, header: http.Header{"Authorization": {"bEaReR:" + anas}}}, ana.ID},
		"token":                        {request{path: me, header: http.Header{"Authorization": {"token " + anas}}}, ana.ID},
		"Token":                        {request{path: me, header: http.Header{"Authorization": {"Token " + anas}}}, ana.ID},
		"not trimmed":                  {request{path: me, header: http.Header{"Authorization": {"Bearer  " + anas}}}, ""},
		"another scheme":               {request{path: me, header: http.Header{"Authorization": {"Basic " + anas}}}, ""},
		"another scheme, then query":   {request{path: me + "?access_token=" + app, header: http.Header{"Authorization": {"Basic YTpi"}}}, ben.ID},
		"app in header, not cut":       {request{path: me, header: bearer(app)}, ben.ID},
		"app in query":                 {request{path: me + "?access_token=" + app}, ben.ID},
		"revoked app":                  {request{path: me, header: bearer(app + "x")}, ""},
		"nothing":                      {request{path: me}, ""},
		"empty query":                  {request{path: me + "?access_token="}, ""},
		"malformed token":              {request{path: me, header: bearer("' OR 1=1 --")}, ""},
	} {
		w := s.do(tc.request)
		if tc.want == "" {
			require.Equal(t, http.StatusUnauthorized, w.Code, name)
			require.Contains(t, w.Body.String(), `"api.context.session_expired.app_error"`, name)
		} else {
			require.Equal(t, http.StatusOK, w.Code, name)
			require.Contains(t, w.Body.String(), tc.want, name)
		}
	}
}

func TestSessionTokenInTheQueryIsRefused(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.user("ana")
	token := s.signIn("ana")
	w := s.do(request{path: me + "?access_token=" + token})
	require.Equal(t, http.StatusUnauthorized, w.Code)
	require.Contains(t, w.Body.String(), `"api.context.token_provided.app_error"`)

	_, err := s.auth.Caller(httptest.NewRequest("GET", "/?access_token="+token, nil))
	require.ErrorIs(t, err, gatehouse.ErrNotFound, "pages do not accept it either")
}

func TestTheChallengeNamesAnErrorOnlyIfABearerTokenWasSent(t *testing.T) {
	s := newSite(t, sqlite(t))
	ana := s.user("ana")
	ended := gatehouse.NewSecret()
	past := time.Now().Add(-time.Hour)
	require.NoError(t, s.store.CreateSession(t.Context(), gatehouse.Session{
		ID: gatehouse.NewID(), TokenHash: gatehouse.HashSecret(ended), UserID: ana.ID, CreateAt: past, LastSeenAt: past, ExpiresAt: past,
	}))
	const bare = `Bearer realm="gatehouse"`
	for name, tc := range map[string]struct {
		request request
		invalid bool
		clears  string // the cookie that the answer deletes
	}{
		"nothing":                            {request{path: me}, false, ""},
		"own cookie":                         {request{path: me, own: gatehouse.NewSecret()}, false, ownCookie},
		"ended session in MMAUTHTOKEN":       {request{path: me, cookie: ended}, false, "MMAUTHTOKEN"},
		"another site's MMAUTHTOKEN":         {request{path: me, cookie: gatehouse.NewSecret()}, false, ""},
		"header":                             {request{path: me, header: bearer(gatehouse.NewSecret())}, true, ""},
		"header, another site's MMAUTHTOKEN": {request{path: me, cookie: gatehouse.NewSecret(), header: bearer("x")}, true, ""},
		"query":                              {request{path: me + "?access_token=x"}, true, ""},
		"empty":                              {request{path: me, header: bearer("")}, false, ""},
		"app in head":                        {request{path: me, header: bearer("gha_x")}, true, ""},
	} {
		w := s.do(tc.request)
		require.Equal(t, http.StatusUnauthorized, w.Code, name)
		challenge := w.Header().Get("WWW-Authenticate")
		require.True(t, strings.HasPrefix(challenge, bare), name)
		require.Equal(t, tc.invalid, strings.Contains(challenge, `error="invalid_token"`), name)
		if tc.clears != "" {
			require.Equal(t, []string{tc.clears + "=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"}, w.Header()["Set-Cookie"], name)
		} else {
			require.Empty(t, w.Header()["Set-Cookie"], name)
		}
	}
}

func TestCookieRequestsNeedTheCSRFCheck(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.user("ana")
	other := s.signIn("ana")
	for name, tc := range map[string]struct {
		header func(token string) http.Header
		cookie bool
		ok     bool
	}{
		"cookie alone":                  {func(string) http.Header { return nil }, true, false},
		"cookie and CSRF token":         {func(t string) http.Header { return http.Header{"X-Csrf-Token": {account.CSRFToken(t)}} }, true, true},
		"CSRF token of another session": {func(string) http.Header { return http.Header{"X-Csrf-Token": {account.CSRFToken(other)}} }, true, false},
		"session token as CSRF token":   {func(t string) http.Header { return http.Header{"X-Csrf-Token": {t}} }, true, false},
		"empty CSRF token":              {func(string) http.Header { return http.Header{"X-Csrf-Token": {""}} }, true, false},
		"cookie and XMLHttpRequest":     {func(string) http.Header { return http.Header{"X-Requested-With": {"XMLHttpRequest"}} }, true, true},
		"another X-Requested-With":      {func(string) http.Header { return http.Header{"X-Requested-With": {"xmlhttprequest2"}} }, true, false},
		"header alone":                  {bearer, false, true},
		"cookie beside a header":        {bearer, true, false},
	} {
		token := s.signIn("ana")
		r := request{method: "POST", path: "/api/v4/users/logout", header: tc.header(token)}
		if tc.cookie {
			r.cookie = token
		}
		w := s.do(r)
		stillSignedIn := s.do(request{path: me, header: bearer(token)}).Code == http.StatusOK
		if tc.ok {
			require.Equal(t, http.StatusOK, w.Code, name)
			require.False(t, stillSignedIn, name)
			continue
		}
		require.Equal(t, http.StatusUnauthorized, w.Code, name)
		require.Contains(t, w.Body.String(), `"api.context.session_expired.app_error"`, name)
		require.Contains(t, w.Header().Get("Set-Cookie"), "MMAUTHTOKEN=; Path=/; Max-Age=0", name)
		require.True(t, stillSignedIn, "a forged request ends no session: %s", name)
	}
	require.Equal(t, http.StatusOK, s.do(request{path: me, cookie: other}).Code, "reading needs no CSRF check")
}

func TestCSRFTokenBelongsToOneSession(t *testing.T) {
	a, b := gatehouse.NewSecret(), gatehouse.NewSecret()
	require.Equal(t, account.CSRFToken(a), account.CSRFToken(a))
	require.NotEqual(t, account.CSRFToken(a), account.CSRFToken(b))
	require.NotContains(t, account.CSRFToken(a), a)
	require.NotEqual(t, gatehouse.HashSecret(a), account.CSRFToken(a), "the browser does not learn the hash in the database")
}

func TestRedirectToLoginKeepsTheReturnURL(t *testing.T) {
	s := newSite(t, sqlite(t), func(c *siteConfig) { c.base = "/sso" })
	for _, returnURL := range []string{
		"/sso/oauth/authorize?client_id=x&state=a%2Bb%26c&redirect_uri=https%3A%2F%2Fapp%2Fcb",
		"/sso/settings/security",
	} {
		w := httptest.NewRecorder()
		s.auth.RedirectToLogin(w, httptest.NewRequest("GET", "/sso/", nil), returnURL)
		require.Equal(t, http.StatusSeeOther, w.Code)
		to, err := url.Parse(w.Header().Get("Location"))
		require.NoError(t, err)
		require.Equal(t, "/sso/login", to.Path)
		require.Equal(t, returnURL, to.Query().Get("redirect_to"))
	}
}

func FuzzAuthorizationHeader(f *testing.F) {
	for _, header := range []string{"", "Bearer", "Bearer ", "BEARER x", "token ", "token", "tokenx", "Bearer \x00", "bearer gha_x", "Bearer " + strings.Repeat("a", 26),
		"Basic Og==", "Bearer ñandú", "\xff\xff\xff\xff\xff\xff\xff", "Bearer gha_" + strings.Repeat("x", 10000), "Bearer a, Bearer b", "Bearer\t\t"} {
		f.Add(header)
	}
	s := newSite(f, sqlite(f))
	f.Fuzz(func(t *testing.T, header string) {
		req := httptest.NewRequest(http.MethodGet, me, nil)
		req.Header["Authorization"] = []string{header}
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, req)
		require.Equal(t, http.StatusUnauthorized, w.Code)
	})
}
