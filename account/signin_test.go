package account_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/account"
	"gatehouse/storage"
)

func TestSigningInByUsernameEmailAndID(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store)
		ana := s.person("ana")
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
			require.Empty(t, w.Result().Cookies(), "cookies are for our own pages only")
			require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			require.Equal(t, "application/json", w.Header().Get("Content-Type"))

			me := s.do(request{path: "/api/v4/users/me", header: bearer(w.Header().Get("Token"))})
			require.Equal(t, http.StatusOK, me.Code)
		}
	})
}

func TestAFailedSignInSaysTheSameAndCostsTheSame(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store)
		s.person("ana")
		s.hashed.Store(0)

		bodies := map[string]bool{}
		logins := []string{"ana", "ana@example.com", "nobody", "nobody@example.com", "", "\x00", "a\xffb", strings.Repeat("x", 60000), "' OR 1=1 --"}
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

func TestRefusedBodies(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.person("ana")
	s.hashed.Store(0)
	for name, tc := range map[string]struct {
		body   string
		status int
		id     string
	}{
		"blank password":   {`{"login_id":"ana","password":""}`, 400, "api.user.login.blank_pwd.app_error"},
		"no password":      {`{"login_id":"ana"}`, 400, "api.user.login.blank_pwd.app_error"},
		"empty body":       {``, 400, "api.context.invalid_body_param.app_error"},
		"null":             {`null`, 400, "api.context.invalid_body_param.app_error"},
		"no JSON":          {`login_id=ana&password=x`, 400, "api.context.invalid_body_param.app_error"},
		"an array":         {`["ana"]`, 400, "api.context.invalid_body_param.app_error"},
		"password no text": {`{"login_id":"ana","password":{"$ne":""}}`, 400, "api.context.invalid_body_param.app_error"},
		"a huge body":      {`{"login_id":"ana","password":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "api.context.request_body_too_large.app_error"},
		"a deep body":      {strings.Repeat("[", 60000), 400, "api.context.invalid_body_param.app_error"},
	} {
		w := s.do(request{method: "POST", path: "/api/v4/users/login", body: tc.body})
		require.Equal(t, tc.status, w.Code, name)
		require.Equal(t, tc.id, errorID(t, map[string]bool{w.Body.String(): true}), name)
	}
	require.Zero(t, s.hashed.Load(), "none of them costs a hash")
}

func TestAHugePasswordIsJustAWrongOne(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.person("ana")
	w := s.do(login("ana", strings.Repeat("x", 50000)))
	require.Equal(t, http.StatusUnauthorized, w.Code)
}

func TestADeactivatedPersonIsToldOnlyWithTheRightPassword(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store)
		ana := s.person("ana")
		token := s.signIn("ana")
		require.NoError(t, s.people.SetActive(t.Context(), gatehouse.Caller{}, ana.ID, false))

		require.Equal(t, http.StatusUnauthorized, s.do(request{path: "/api/v4/users/me", header: bearer(token)}).Code)
		w := s.do(login("ana", password))
		require.Equal(t, http.StatusUnauthorized, w.Code)
		require.Contains(t, w.Body.String(), `"api.user.login.inactive.app_error"`)
		w = s.do(login("ana", "wrong password"))
		require.Contains(t, w.Body.String(), `"api.user.login.invalid_credentials_email_username"`)

		require.NoError(t, s.people.SetActive(t.Context(), gatehouse.Caller{}, ana.ID, true))
		require.Equal(t, http.StatusUnauthorized, s.do(request{path: "/api/v4/users/me", header: bearer(token)}).Code, "what ended stays ended")
		s.signIn("ana")
	})
}

func TestFailedSignInsShareOneBudgetOfUsernameAndEmail(t *testing.T) {
	store := sqlite(t)                    // outside: GORM leaves a goroutine behind that never ends
	synctest.Test(t, func(t *testing.T) { // time stands still
		s := newSite(t, store)
		s.person("ana")
		known := tryUntilThrottled(t, s, "ana", "ana@example.com", "ANA")
		unknown := tryUntilThrottled(t, s, "nobody", "NOBODY", "Nobody")
		require.Equal(t, known, unknown, "a person who does not exist is throttled in the same way")

		w := s.do(login("ana", password))
		require.Equal(t, http.StatusTooManyRequests, w.Code, "the right password does not get through either")
		require.Contains(t, w.Body.String(), `"api.user.check_user_login_attempts.too_many.app_error"`)
		require.Equal(t, "30", w.Header().Get("Retry-After"))
		before := s.hashed.Load()
		s.do(login("ana", password))
		require.Equal(t, before, s.hashed.Load(), "and costs no hash")

		elsewhere := login("ana", password)
		elsewhere.ip = "198.51.100.9"
		require.Equal(t, http.StatusOK, s.do(elsewhere).Code, "nobody is locked out elsewhere")
	})
}

func tryUntilThrottled(t *testing.T, s *site, logins ...string) (tries int) {
	t.Helper()
	for {
		w := s.do(login(logins[tries%len(logins)], "wrong password"))
		if w.Code == http.StatusTooManyRequests {
			return tries
		}
		require.Equal(t, http.StatusUnauthorized, w.Code)
		tries++
	}
}

func TestSignInsThatSucceedAreNeverThrottled(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.person("ana")
	for range 150 {
		s.signIn("ana")
	}
}

func TestAPasswordChangedWhileSigningInEndsThatSession(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store)
		ana := s.person("ana")
		// The password was checked …
		checked, err := s.service.SignIn(t.Context(), "ana", password, account.Device{})
		require.NoError(t, err)
		// … then it changes, and what the old one could do is over.
		require.NoError(t, s.people.SetPassword(t.Context(), gatehouse.Caller{}, ana.ID, "another password"))
		_, _, err = s.service.StartSession(t.Context(), checked, account.Device{}, "")
		require.Error(t, err)
		sessions, err := store.UserSessions(t.Context(), ana.ID)
		require.NoError(t, err)
		require.Empty(t, sessions)
	})
}

func TestAStormOfSignInsHashesFewAtATime(t *testing.T) {
	const slots, storm = 2, 60
	var most atomic.Int64
	s := newSite(t, sqlite(t), func(c *siteConfig) {
		c.hasher = account.HasherConfig{MemoryKiB: 256, Passes: 1, Concurrency: slots, Queue: storm, MaxWait: time.Minute, Observe: func(running int) {
			for n := int64(running); n > most.Load(); {
				most.Store(n)
			}
		}}
	})
	s.person("ana")
	var wg sync.WaitGroup
	for i := range storm {
		wg.Go(func() {
			loginID := "ana"
			if i%2 == 0 {
				loginID = "nobody" + gatehouse.NewID()
			}
			if code := s.do(login(loginID, "wrong password")).Code; code != http.StatusUnauthorized && code != http.StatusTooManyRequests {
				t.Errorf("status %d", code)
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, most.Load(), int64(slots))
}

func TestWhenTooManySignInTheOthersAreAskedToComeBack(t *testing.T) {
	began, end := make(chan struct{}), make(chan struct{})
	s := newSite(t, sqlite(t), func(c *siteConfig) {
		c.hasher = account.HasherConfig{MemoryKiB: 8, Passes: 1, Concurrency: 1, Queue: 1, MaxWait: time.Millisecond, Observe: func(int) {
			close(began)
			<-end
		}}
	})
	first := make(chan int)
	go func() { first <- s.do(login("ana", password)).Code }()
	<-began
	w := s.do(login("ana", password))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, "2", w.Header().Get("Retry-After"))
	require.Contains(t, w.Body.String(), `"api.user.login.busy.app_error"`)

	w = s.do(form("ana", password, "/x"))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, "2", w.Header().Get("Retry-After"))
	require.Equal(t, "ana", hidden(t, w.Body.String(), "login_id"), "the form is not lost")
	close(end)
	require.Equal(t, http.StatusUnauthorized, <-first)
}

func TestTheAuditLogHasSignInsAndNoSecrets(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.person("ana")
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
