package account_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/account"
	"gatehouse/storage"
)

func TestSigningInByUsernameEmailAndID(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store)
		ana := s.user("ana")
		for name, body := range map[string]map[string]any{
			"username":                 {"login_id": "ana"},
			"username, any case":       {"login_id": " ANA "},
			"email":                    {"login_id": "ana@example.com"},
			"email, any case":          {"login_id": "Ana@Example.com"},
			"id":                       {"id": ana.ID},
			"members of other clients": {"login_id": "ana", "device_id": "x", "token": "", "ldap_only": "false", "more": 5},
		} {
			body["password"] = password
			w := s.do(request{method: "POST", path: "/api/v4/users/login", body: jsonOf(body)})
			require.Equal(t, http.StatusOK, w.Code, name)
			require.Contains(t, w.Body.String(), ana.ID, name)
			require.Len(t, w.Header().Get("Token"), 26, name)
			require.Empty(t, w.Result().Cookies(), "only the pages of this site get cookies")
			require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			require.Equal(t, "application/json", w.Header().Get("Content-Type"))

			me := s.do(request{path: "/api/v4/users/me", header: bearer(w.Header().Get("Token"))})
			require.Equal(t, http.StatusOK, me.Code)
		}
	})
}

func TestFailedSignInsAreIndistinguishable(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store)
		s.user("ana")
		s.hashed.Store(0)

		bodies := map[string]bool{}
		logins := []string{"ana", "ana@example.com", "unknown", "unknown@example.com", "", "\x00", "a\xffb", strings.Repeat("x", 60000), "' OR 1=1 --"}
		for i, loginID := range logins {
			w := s.do(login(loginID, "wrong password"))
			require.Equal(t, http.StatusUnauthorized, w.Code, loginID)
			require.Empty(t, w.Header().Get("Token"))
			bodies[w.Body.String()] = true
			require.EqualValues(t, i+1, s.hashed.Load(), "one hash for %q", loginID)
		}
		require.Len(t, bodies, 1)
		require.Equal(t, "api.user.login.invalid_credentials_email_username", errorID(t, bodies))
	})
}

func errorID(t *testing.T, bodies map[string]bool) string {
	t.Helper()
	var e struct {
		ID            string  `json:"id"`
		DetailedError *string `json:"detailed_error"`
	}
	for body := range bodies {
		require.NoError(t, json.Unmarshal([]byte(body), &e))
		require.NotNil(t, e.DetailedError)
	}
	return e.ID
}

func TestMalformedCredentialsAreRefused(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.user("ana")
	s.hashed.Store(0)
	for name, tc := range map[string]struct {
		body   string
		status int
		id     string
	}{
		"blank password":        {`{"login_id":"ana","password":""}`, 400, "api.user.login.blank_pwd.app_error"},
		"no password":           {`{"login_id":"ana"}`, 400, "api.user.login.blank_pwd.app_error"},
		"empty body":            {``, 400, "api.context.invalid_body_param.app_error"},
		"null":                  {`null`, 400, "api.context.invalid_body_param.app_error"},
		"not JSON":              {`login_id=ana&password=x`, 400, "api.context.invalid_body_param.app_error"},
		"an array":              {`["ana"]`, 400, "api.context.invalid_body_param.app_error"},
		"password not a string": {`{"login_id":"ana","password":{"$ne":""}}`, 400, "api.context.invalid_body_param.app_error"},
		"a huge body":           {`{"login_id":"ana","password":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "api.context.request_body_too_large.app_error"},
		"a deep body":           {strings.Repeat("[", 60000), 400, "api.context.invalid_body_param.app_error"},
	} {
		w := s.do(request{method: "POST", path: "/api/v4/users/login", body: tc.body})
		require.Equal(t, tc.status, w.Code, name)
		require.Equal(t, tc.id, errorID(t, map[string]bool{w.Body.String(): true}), name)
	}
	require.Zero(t, s.hashed.Load(), "they cost no hash")
}

func TestHugePasswordIsWrong(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.user("ana")
	w := s.do(login("ana", strings.Repeat("x", 50000)))
	require.Equal(t, http.StatusUnauthorized, w.Code)
}

func TestDeactivatedUserIsToldOnlyWithTheRightPassword(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store)
		ana := s.user("ana")
		token := s.signIn("ana")
		require.NoError(t, s.users.SetActive(t.Context(), gatehouse.Caller{}, ana.ID, false))

		require.Equal(t, http.StatusUnauthorized, s.do(request{path: "/api/v4/users/me", header: bearer(token)}).Code)
		w := s.do(login("ana", password))
		require.Equal(t, http.StatusUnauthorized, w.Code)
		require.Contains(t, w.Body.String(), `"api.user.login.inactive.app_error"`)
		w = s.do(login("ana", "wrong password"))
		require.Contains(t, w.Body.String(), `"api.user.login.invalid_credentials_email_username"`)

		require.NoError(t, s.users.SetActive(t.Context(), gatehouse.Caller{}, ana.ID, true))
		require.Equal(t, http.StatusUnauthorized, s.do(request{path: "/api/v4/users/me", header: bearer(token)}).Code, "ended sessions stay ended")
		s.signIn("ana")
	})
}

func signInUntilThrottled(t *testing.T, s *site, logins ...string) (attempts int) {
	t.Helper()
	for {
		w := s.do(login(logins[attempts%len(logins)], "wrong password"))
		if w.Code == http.StatusTooManyRequests {
			return attempts
		}
		require.Equal(t, http.StatusUnauthorized, w.Code)
		attempts++
	}
}

func TestPasswordChangeDuringSignInEndsTheSession(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store)
		ana := s.user("ana")
		// The password is checked …
		checked, err := s.service.SignIn(t.Context(), "ana", password, account.Device{})
		require.NoError(t, err)
		// … and changes before the session starts.
		require.NoError(t, s.users.SetPassword(t.Context(), gatehouse.Caller{}, ana.ID, "another password"))
		_, err = s.service.StartSession(t.Context(), checked, account.Device{}, gatehouse.Session{})
		require.Error(t, err)
		sessions, err := store.UserSessions(t.Context(), ana.ID)
		require.NoError(t, err)
		require.Empty(t, sessions)
	})
}

func TestPasswordSignsInHoweverTheKeyboardSendsIt(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		const composed, decomposed = "gr\u00fcne Eulen", "gru\u0308ne Eulen"
		s := newSite(t, store)
		ana, ben := s.user("ana"), s.user("ben")
		require.NoError(t, s.users.SetPassword(t.Context(), gatehouse.Caller{}, ana.ID, composed))
		// ben's hash is of a version that did not normalize.
		old, err := argon2id.CreateHash(decomposed, &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
		require.NoError(t, err)
		require.NoError(t, store.SetPassword(t.Context(), ben.ID, old, "", time.Now()))
		for _, tc := range []struct {
			login, typed string
			status       int
		}{
			{"ana", composed, 200},
			{"ana", decomposed, 200},
			{"ana", "gr\u00fcne\u00a0Eulen", 200},
			{"ana", "grune Eulen", 401},
			{"ben", decomposed, 200},
			{"ben", composed, 401},
		} {
			require.Equal(t, tc.status, s.do(login(tc.login, tc.typed)).Code, "%s %+q", tc.login, tc.typed)
			if tc.status == 200 {
				w := s.do(form(tc.login, tc.typed, ""))
				require.Equal(t, http.StatusSeeOther, w.Code, "%s %+q", tc.login, tc.typed)
			}
		}
	})
}

func TestAuditTrailHasSignInsButNoSecrets(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.user("ana")
	token := s.signIn("ana")
	s.do(login("ana", "wrong password"))
	s.do(login("my password, typed into the wrong field", "wrong password"))
	s.do(request{method: "POST", path: "/api/v4/users/logout", header: bearer(token)})
	require.ElementsMatch(t, []string{"createUser success", "login success", "login fail", "login fail", "logout success"}, s.events())

	events, err := s.store.AuditEvents(t.Context(), "", 100)
	require.NoError(t, err)
	everything := jsonOf(events) + s.log.String()
	for _, secret := range []string{token, password, "wrong password", "my password"} {
		require.NotContains(t, everything, secret)
	}
	for _, e := range events {
		if e.Event != gatehouse.AuditCreateUser {
			require.Equal(t, "192.0.2.1", e.IP)
		}
	}
}
