package account_test

import (
	"fmt"
	"net/http"
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
		require.Equal(t, http.StatusTooManyRequests, from("192.0.2.199", password), "an address of the attack")
	})
}

// TestHonestUsersSignInDuringAFlood: three addresses hold ninety connections, and thirteen
// users with the right password come from others. Each waits for a few rounds, in
// which each of the sixteen addresses has its turn.
func TestHonestUsersSignInDuringAFlood(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store, func(c *siteConfig) {
			c.hasher = account.HasherConfig{MemoryKiB: 19 * 1024, Passes: 2, Concurrency: 1, MaxWait: time.Minute}
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
		require.Eventually(t, func() bool { return s.hashed.Load() > 0 }, time.Minute, time.Millisecond)
		for i := range 13 {
			honest.Go(func() {
				r := login(fmt.Sprint("user", i), password)
				r.ip = fmt.Sprintf("198.51.100.%d", i+1)
				before := s.hashed.Load()
				if w := s.do(r); w.Code != http.StatusOK {
					t.Errorf("user %d: status %d %s", i, w.Code, w.Body)
				}
				if turns := s.hashed.Load() - before; turns > 3*16 {
					t.Errorf("user %d waited for %d hashes", i, turns)
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

func TestSuccessfulSignInsAreNeverThrottled(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.user("ana")
	for range 150 {
		s.signIn("ana")
	}
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
