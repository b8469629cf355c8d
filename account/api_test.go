package account_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/account"
	"gatehouse/storage"
)

func TestUserJSONFollowsTheContract(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store)
		at := time.UnixMilli(1700000000123)
		for file, user := range map[string]gatehouse.User{
			"user_full.json": {
				ID: "aaaaaaaaaaaaaaaaaaaaaaaaaa", Username: "ana", Email: "ana@example.com", EmailVerified: true, Nickname: "An",
				FirstName: "Ana", LastName: "Ärger <&>", Position: "Dev", Locale: "de", Roles: []string{"system_user", "system_admin"},
				PasswordHash: "never shown", CreateAt: at, UpdateAt: at.Add(time.Second), LastPasswordUpdate: at,
			},
			"user_bare.json": {
				ID: "bbbbbbbbbbbbbbbbbbbbbbbbbb", Username: "ben", Email: "ben@example.com", Locale: "en", Roles: []string{"system_user"},
				PasswordHash: "never shown",
			},
		} {
			require.NoError(t, store.CreateUser(t.Context(), user))
			token, err := s.service.StartSession(t.Context(), user, account.Device{}, gatehouse.Session{})
			require.NoError(t, err)
			w := s.do(request{path: me, header: bearer(token)})
			require.Equal(t, http.StatusOK, w.Code)
			golden, err := os.ReadFile(filepath.Join("testdata", file))
			require.NoError(t, err)
			require.JSONEq(t, string(golden), w.Body.String())
			require.Equal(t, "application/json", w.Header().Get("Content-Type"))
			require.NotContains(t, w.Body.String(), "never shown")
		}
	})
}

func TestUnchangedUserIsNotSentAgain(t *testing.T) {
	s := newSite(t, sqlite(t))
	ana := s.user("ana")
	token := s.signIn("ana")
	get := func(ifNoneMatch string) (status int, etag, body string) {
		header := bearer(token)
		header.Set("If-None-Match", ifNoneMatch)
		w := s.do(request{path: me, header: header})
		return w.Code, w.Header().Get("ETag"), w.Body.String()
	}
	status, etag, _ := get("")
	require.Equal(t, http.StatusOK, status)
	require.NotEmpty(t, etag)
	for _, match := range []string{etag, "W/" + etag, `"x", ` + etag, "*"} {
		status, again, body := get(match)
		require.Equal(t, http.StatusNotModified, status, match)
		require.Equal(t, etag, again)
		require.Empty(t, body)
	}
	status, _, _ = get(`"x"`)
	require.Equal(t, http.StatusOK, status)

	require.NoError(t, s.store.SetSystemAdmin(t.Context(), ana.ID, true, time.Now()))
	status, changed, _ := get(etag)
	require.Equal(t, http.StatusOK, status)
	require.NotEqual(t, etag, changed)
}

func TestUsersSeeOnlyThemselves(t *testing.T) {
	s := newSite(t, sqlite(t))
	ana, ben := s.user("ana", "system_user", "system_admin"), s.user("ben")
	token := s.signIn("ana")
	for path, status := range map[string]int{
		"/api/v4/users/" + ana.ID:              http.StatusOK,
		"/api/v4/users/" + ben.ID:              http.StatusForbidden,
		"/api/v4/users/" + gatehouse.NewID():   http.StatusForbidden,
		"/api/v4/users/short":                  http.StatusBadRequest,
		"/api/v4/users/login":                  http.StatusBadRequest,
		"/api/v4/users/" + ana.ID + "/nothing": http.StatusNotFound,
	} {
		require.Equal(t, status, s.do(request{path: path, header: bearer(token)}).Code, path)
	}
	require.Equal(t, http.StatusUnauthorized, s.do(request{path: "/api/v4/users/" + ana.ID}).Code)
	require.Equal(t, http.StatusUnauthorized, s.do(request{path: "/api/v4/users/short"}).Code, "authentication comes first")
}

func TestOAuthTestAnswersEveryCaller(t *testing.T) {
	s := newSite(t, sqlite(t))
	ana := s.user("ana")
	w := s.do(request{path: "/api/v4/oauth_test", header: bearer(s.tokens.issue(ana, gatehouse.NewID()))})
	require.Equal(t, http.StatusOK, w.Code)
	require.JSONEq(t, `{"status":"OK"}`, w.Body.String())
	require.Equal(t, "0", w.Header().Get("Expires"))
	require.Equal(t, http.StatusUnauthorized, s.do(request{path: "/api/v4/oauth_test"}).Code)
}

func TestLogoutWithAnAccessTokenRevokesItsGrant(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store)
		ana, now := s.user("ana"), time.Now()
		app := gatehouse.App{ID: gatehouse.NewID(), Name: "App", RedirectURIs: []string{"https://app.example.com/cb"}, IsPublic: true, CreateAt: now, UpdateAt: now}
		require.NoError(t, store.CreateApp(t.Context(), app))
		consent, err := store.RecordConsent(t.Context(), ana.ID, app.ID, []string{"user"}, nil, now)
		require.NoError(t, err)
		grant := gatehouse.Grant{ID: gatehouse.NewID(), ConsentID: consent.ID, UserID: ana.ID, AppID: app.ID, Scopes: []string{"user"}, CreateAt: now, RotatedAt: now, ExpiresAt: now.Add(time.Hour)}
		require.NoError(t, store.CreateGrant(t.Context(), grant))
		browser := s.signIn("ana")

		w := s.do(request{method: "POST", path: "/api/v4/users/logout", header: bearer(s.tokens.issue(ana, grant.ID))})
		require.Equal(t, http.StatusOK, w.Code)
		require.JSONEq(t, `{"status":"OK"}`, w.Body.String())
		revoked, _, err := store.Grant(t.Context(), grant.ID)
		require.NoError(t, err)
		require.False(t, revoked.RevokedAt.IsZero())
		_, err = store.Consent(t.Context(), ana.ID, app.ID)
		require.NoError(t, err, "the consent stays (C 2.12)")
		require.Equal(t, http.StatusOK, s.do(request{path: me, header: bearer(browser)}).Code, "the browser stays signed in")
		require.Contains(t, s.events(), "logout success")
	})
}

// brokenAuditor is a store that can't write audit events.
type brokenAuditor struct{ *storage.Store }

func (brokenAuditor) RecordAuditEvent(context.Context, gatehouse.AuditEvent, ...gatehouse.RateLimit) error {
	return errors.New("disk full")
}

func TestSignInWorksWithoutTheAuditTrail(t *testing.T) {
	store := sqlite(t)
	s := newSite(t, store, func(c *siteConfig) { c.store = brokenAuditor{store} })
	s.user("ana")
	token := s.signIn("ana")
	require.Equal(t, http.StatusOK, s.do(request{method: "POST", path: "/api/v4/users/logout", header: bearer(token)}).Code)
	require.Contains(t, s.log.String(), "audit event not written")
	require.Contains(t, s.log.String(), "disk full")
	require.NotContains(t, s.log.String(), token)
}

func TestRequestsFailWithoutTheDatabase(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.user("ana")
	token := s.signIn("ana")
	require.NoError(t, s.store.Close())
	for _, r := range []request{
		login("ana", password), {path: me, header: bearer(token)}, {path: me, cookie: token},
		form("ana", password, ""), {path: "/login", cookie: token}, {path: "/setup?token=x"},
	} {
		w := s.do(r)
		require.GreaterOrEqual(t, w.Code, 500, r.path)
		require.NotContains(t, w.Body.String(), "sql", r.path)
		require.Empty(t, w.Result().Cookies(), "the session may be valid, so the cookie stays: %s", r.path)
	}
	require.NotContains(t, s.log.String(), token)
}

func TestErrorsHaveTheContractsMembers(t *testing.T) {
	s := newSite(t, sqlite(t))
	var e map[string]any
	require.NoError(t, json.Unmarshal(s.do(request{path: me}).Body.Bytes(), &e))
	require.Equal(t, float64(401), e["status_code"])
	require.NotEmpty(t, e["message"])
	require.Contains(t, e, "detailed_error")
}

func TestUsersByIDShowsOnlyVisibleUsers(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store)
		ana, ben, root := s.user("ana"), s.user("ben"), s.user("root", gatehouse.RoleSystemUser, gatehouse.RoleSystemAdmin)
		require.NoError(t, s.users.SetActive(t.Context(), gatehouse.Caller{}, ben.ID, false))
		anas, roots := bearer(s.signIn("ana")), bearer(s.signIn("root"))
		app := bearer(s.tokens.issue(root, gatehouse.NewID()))
		many := make([]string, 1001)
		for i := range many {
			many[i] = ana.ID
		}
		all := []string{root.ID, ana.ID, "", "x", gatehouse.NewID(), ben.ID, ana.ID}
		for name, tc := range map[string]struct {
			header http.Header
			body   string
			status int
			want   []string // usernames
		}{
			"a System Admin sees all":           {roots, jsonOf(all), 200, []string{"ana", "ben", "root"}},
			"a user sees only themselves":       {anas, jsonOf(all), 200, []string{"ana"}},
			"a user asks for others":            {anas, jsonOf([]string{ben.ID, root.ID}), 200, []string{}},
			"an access token of a System Admin": {app, jsonOf(all), 200, []string{"root"}},
			"no ids":                            {roots, `[]`, 200, []string{}},
			"an injection":                      {roots, `["' OR 1=1 --","%","me"]`, 200, []string{}},
			"as many as allowed":                {roots, jsonOf(many[:1000]), 200, []string{"ana"}},
			"more":                              {roots, jsonOf(many), 400, nil},
			"null":                              {roots, `null`, 400, nil},
			"an object":                         {roots, `{"ids":[]}`, 400, nil},
			"numbers":                           {roots, `[1,2]`, 400, nil},
			"nested":                            {roots, `[["` + ana.ID + `"]]`, 400, nil},
			"two values":                        {roots, `[][]`, 400, nil},
			"nothing":                           {roots, ``, 400, nil},
			"not signed in":                     {nil, jsonOf(all), 401, nil},
			"an unknown token":                  {bearer(gatehouse.NewSecret()), jsonOf(all), 401, nil},
		} {
			w := s.do(request{method: "POST", path: "/api/v4/users/ids", body: tc.body, header: tc.header})
			require.Equal(t, tc.status, w.Code, "%s: %s", name, w.Body)
			require.Equal(t, "application/json", w.Header().Get("Content-Type"), name)
			if tc.status != http.StatusOK {
				continue
			}
			var users []struct{ Username, Roles, Email string }
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &users), name)
			require.NotNil(t, users, "an empty list is [] and not null: %s", name)
			names := []string{}
			for _, u := range users {
				names = append(names, u.Username)
				require.NotEmpty(t, u.Email, name)
			}
			require.Equal(t, tc.want, names, name)
			require.NotContains(t, w.Body.String(), "argon2id", name)
		}

		token := s.signIn("root")
		w := s.do(request{method: "POST", path: "/api/v4/users/ids", body: jsonOf(all), own: token})
		require.Equal(t, http.StatusUnauthorized, w.Code, "a cookie needs the CSRF check")
		w = s.do(request{method: "POST", path: "/api/v4/users/ids", body: jsonOf(all), own: token, header: http.Header{"X-Csrf-Token": {account.CSRFToken(token)}}})
		require.Equal(t, http.StatusOK, w.Code)
	})
}
