package account_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
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

// TestRateLimitRevealsNoAccount: each login has a limit of its own, whether or not a user
// has it (CVE-2025-24806). Otherwise the email of a user would be throttled together with
// the username, and the pair would be known.
func TestRateLimitRevealsNoAccount(t *testing.T) {
	store := sqlite(t)                    // outside the bubble: a goroutine of GORM never ends
	synctest.Test(t, func(t *testing.T) { // The clock stands still.
		s := newSite(t, store)
		ana := s.user("ana")
		attempts := signInUntilThrottled(t, s, "ana", "ANA", " Ana ")
		require.Equal(t, 10, attempts)
		require.Equal(t, attempts, signInUntilThrottled(t, s, "unknown", "UNKNOWN", " Unknown"), "an unknown login has the same limit")
		require.Equal(t, attempts, signInUntilThrottled(t, s, "ana@example.com", "Ana@Example.COM"), "the email does not show the attempts of the username")
		require.Equal(t, attempts, signInUntilThrottled(t, s, "unknown@example.com"))
		bodies := map[string]bool{}
		for _, loginID := range []string{"ana", "ana@example.com", "unknown", "unknown@example.com"} {
			w := s.do(login(loginID, "wrong password"))
			require.Equal(t, http.StatusTooManyRequests, w.Code, loginID)
			require.Equal(t, "60", w.Header().Get("Retry-After"), loginID)
			bodies[w.Body.String()] = true
		}
		require.Len(t, bodies, 1)

		byID := request{method: "POST", path: "/api/v4/users/login", body: jsonOf(map[string]string{"id": ana.ID, "password": "wrong password"})}
		for range attempts {
			require.Equal(t, http.StatusUnauthorized, s.do(byID).Code)
		}
		require.Equal(t, http.StatusTooManyRequests, s.do(byID).Code, "three names are the most that a user has")

		w := s.do(login("ana", password))
		require.Equal(t, http.StatusTooManyRequests, w.Code, "the right password is refused too")
		require.Contains(t, w.Body.String(), `"api.user.check_user_login_attempts.too_many.app_error"`)
		before := s.hashed.Load()
		s.do(login("ana", password))
		require.Equal(t, before, s.hashed.Load(), "a throttled sign-in costs no hash")

		elsewhere := login("ana", password)
		elsewhere.ip = "198.51.100.9"
		require.Equal(t, http.StatusOK, s.do(elsewhere).Code, "the user can sign in from another address")
	})
}

// TestAttackFromManyAddressesLocksNoUserOut drives the whole sign-in.
func TestAttackFromManyAddressesLocksNoUserOut(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store)
		s.user("ana")
		from := func(ip, password string) int {
			r := login("ana", password)
			r.ip = ip
			return s.do(r).Code
		}
		require.Equal(t, http.StatusOK, from("198.51.100.7", password))
		compared := 0
		for i := range 200 {
			for from(fmt.Sprintf("192.0.2.%d", i), "wrong password") == http.StatusUnauthorized {
				compared++
			}
		}
		require.Less(t, compared, 600, "of 2000 that the addresses have alone")
		require.Equal(t, http.StatusUnauthorized, from("198.51.100.7", "mistyped password"))
		require.Equal(t, http.StatusOK, from("198.51.100.7", password), "an address with an earlier success")
		require.Equal(t, http.StatusUnauthorized, from("203.0.113.9", "mistyped password"))
		require.Equal(t, http.StatusOK, from("203.0.113.9", password), "a new address")
		require.Equal(t, http.StatusTooManyRequests, from("192.0.2.1", password), "an address of the attack")
	})
}

// TestHonestUsersSignInDuringAFlood: three addresses hold ninety connections, and thirteen
// users with the right password come from others.
func TestHonestUsersSignInDuringAFlood(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store, func(c *siteConfig) {
			c.hasher = account.HasherConfig{MemoryKiB: 19 * 1024, Passes: 2, Concurrency: 1}
		})
		for i := range 13 {
			s.user(fmt.Sprint("user", i))
		}
		stop := make(chan struct{})
		var flood, honest sync.WaitGroup
		for i := range 90 {
			flood.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					r := login(fmt.Sprint("guess", i, "-", n), "wrong password")
					r.ip = fmt.Sprintf("192.0.2.%d", i%3+1)
					if s.do(r).Code == http.StatusTooManyRequests {
						time.Sleep(50 * time.Millisecond)
					}
				}
			})
		}
		time.Sleep(300 * time.Millisecond)
		for i := range 13 {
			honest.Go(func() {
				r := login(fmt.Sprint("user", i), password)
				r.ip = fmt.Sprintf("198.51.100.%d", i+1)
				if w := s.do(r); w.Code != http.StatusOK {
					t.Errorf("user %d: status %d %s", i, w.Code, w.Body)
				}
			})
		}
		honest.Wait()
		close(stop)
		flood.Wait()
	})
}

// TestAttemptThatFindsTheQueueFullCosts: a client cannot fill the queue again and again.
func TestAttemptThatFindsTheQueueFullCosts(t *testing.T) {
	began, end := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s := newSite(t, sqlite(t), func(c *siteConfig) {
		c.hasher = account.HasherConfig{MemoryKiB: 8, Passes: 1, Concurrency: 1, Queue: 1, MaxWait: time.Millisecond, Observe: func(int) {
			once.Do(func() {
				close(began)
				<-end
			})
		}}
	})
	first := make(chan int)
	go func() { first <- s.do(login("other", "wrong password")).Code }()
	<-began
	busy := 0
	for s.do(login("ana", "wrong password")).Code == http.StatusServiceUnavailable {
		busy++
	}
	require.Equal(t, 10, busy, "then the login is throttled")
	close(end)
	require.Equal(t, http.StatusUnauthorized, <-first)
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

func TestSuccessfulSignInsAreNeverThrottled(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.user("ana")
	for range 150 {
		s.signIn("ana")
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
		_, err = s.service.StartSession(t.Context(), checked, account.Device{}, "")
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

func TestConcurrentSignInsHashAFewAtATime(t *testing.T) {
	const slots, calls = 2, 60
	var most atomic.Int64
	s := newSite(t, sqlite(t), func(c *siteConfig) {
		c.hasher = account.HasherConfig{MemoryKiB: 256, Passes: 1, Concurrency: slots, Queue: calls, ClientQueue: calls, MaxWait: time.Minute, Observe: func(running int) {
			for n := int64(running); n > most.Load(); {
				most.Store(n)
			}
		}}
	})
	s.user("ana")
	var wg sync.WaitGroup
	for i := range calls {
		wg.Go(func() {
			loginID := "ana"
			if i%2 == 0 {
				loginID = "unknown" + gatehouse.NewID()
			}
			if code := s.do(login(loginID, "wrong password")).Code; code != http.StatusUnauthorized && code != http.StatusTooManyRequests {
				t.Errorf("status %d", code)
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, most.Load(), int64(slots))
}

func TestBusySignInAnswersRetryAfter(t *testing.T) {
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
	require.Equal(t, "ana", hidden(t, w.Body.String(), "login_id"), "the form keeps what was typed")
	close(end)
	require.Equal(t, http.StatusUnauthorized, <-first)
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
