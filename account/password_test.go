package account_test

import (
	"context"
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
	"gatehouse/internal/web"
)

// cheap makes hashing fast.
func cheap(c account.HasherConfig) account.HasherConfig {
	c.MemoryKiB, c.Passes = 8, 1
	return c
}

func TestHashesAreArgon2idWithTheStatedParameters(t *testing.T) {
	h := account.NewHasher(account.HasherConfig{})
	hash, err := h.Hash(t.Context(), "correct horse")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$"), hash)

	match, err := h.Matches(t.Context(), "correct horse", hash)
	require.NoError(t, err)
	require.True(t, match)
	match, err = h.Matches(t.Context(), "Correct horse", hash)
	require.NoError(t, err)
	require.False(t, match)
}

func TestMatchesIsFalseForImpossiblePasswords(t *testing.T) {
	var hashed atomic.Int64
	h := account.NewHasher(cheap(account.HasherConfig{Observe: func(int) { hashed.Add(1) }}))
	hash, err := h.Hash(t.Context(), "")
	require.NoError(t, err)
	hashed.Store(0)

	for name, tc := range map[string]struct{ password, hash string }{
		"no hash":                     {"password", ""},
		"no hash, no password":        {"", ""},
		"a password that is too long": {strings.Repeat("x", 1<<20), hash},
	} {
		match, err := h.Matches(t.Context(), tc.password, tc.hash)
		require.NoError(t, err, name)
		require.False(t, match, name)
	}
	require.EqualValues(t, 3, hashed.Load(), "each costs one hash")
}

func TestMalformedHashIsAnError(t *testing.T) {
	h := account.NewHasher(cheap(account.HasherConfig{}))
	for _, hash := range []string{"x", "$argon2id$v=19$m=8,t=0,p=1$c2FsdA$a2V5", "$argon2id$v=19$m=8,t=1,p=0$c2FsdA$a2V5", "$2a$12$abc"} {
		_, err := h.Matches(t.Context(), "password", hash)
		require.Error(t, err, hash)
	}
}

func TestPasswordRules(t *testing.T) {
	for password, ok := range map[string]bool{
		"":                       false,
		"1234567":                false,
		"12345678":               true,
		"pässwörd":               true,
		"pässwö":                 false,
		strings.Repeat("x", 128): true,
		strings.Repeat("x", 129): false,
		"\xff\xfe5678901":        false,
	} {
		var field *gatehouse.FieldError
		if err := account.CheckPassword(password); ok {
			require.NoError(t, err, password)
		} else {
			require.ErrorAs(t, err, &field, password)
			require.Equal(t, "password", field.Field)
		}
	}
}

func TestHasherLimitsConcurrency(t *testing.T) {
	const slots, calls = 2, 100
	var most, hashed atomic.Int64
	h := account.NewHasher(account.HasherConfig{
		MemoryKiB: 256, Passes: 1, Concurrency: slots, Queue: calls, MaxWait: time.Minute,
		Observe: func(running int) {
			hashed.Add(1)
			for n := int64(running); n > most.Load(); {
				most.Store(n)
			}
		},
	})
	var wg sync.WaitGroup
	for range calls {
		wg.Go(func() {
			_, err := h.Matches(t.Context(), "password", "")
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, calls, hashed.Load())
	require.LessOrEqual(t, most.Load(), int64(slots))
}

// blockedHasher returns a Hasher whose only slot is in use until release is called.
func blockedHasher(t *testing.T, queue int) (h *account.Hasher, release func()) {
	t.Helper()
	began, end := make(chan struct{}), make(chan struct{})
	var once sync.Once
	h = account.NewHasher(cheap(account.HasherConfig{Concurrency: 1, Queue: queue, MaxWait: 3 * time.Second, Observe: func(int) {
		once.Do(func() {
			close(began)
			<-end
		})
	}}))
	go func() { _, _ = h.Hash(context.Background(), "blocks") }()
	<-began
	return h, sync.OnceFunc(func() { close(end) })
}

func requireBusy(t *testing.T, err error) {
	t.Helper()
	var e *web.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, http.StatusServiceUnavailable, e.Status)
}

func TestHasherRefusesAfterMaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, release := blockedHasher(t, 1)
		defer release()
		before := time.Now()
		_, err := h.Hash(t.Context(), "password")
		requireBusy(t, err)
		require.Equal(t, 3*time.Second, time.Since(before))
	})
}

func TestHasherRefusesWhenTheQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, release := blockedHasher(t, 1)
		waiting := make(chan error, 1)
		go func() {
			_, err := h.Hash(t.Context(), "waits for its turn")
			waiting <- err
		}()
		synctest.Wait()

		before := time.Now()
		_, err := h.Hash(t.Context(), "does not fit into the queue")
		requireBusy(t, err)
		require.Zero(t, time.Since(before))

		release()
		require.NoError(t, <-waiting, "the call in the queue succeeds")
	})
}

func TestCancelledCallLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, release := blockedHasher(t, 1)
		ctx, cancel := context.WithCancel(t.Context())
		cancelled := make(chan error, 1)
		go func() {
			_, err := h.Hash(ctx, "gives up")
			cancelled <- err
		}()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-cancelled, context.Canceled)

		next := make(chan error, 1)
		go func() {
			_, err := h.Hash(t.Context(), "takes its place")
			next <- err
		}()
		synctest.Wait()
		release()
		require.NoError(t, <-next)
	})
}
