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

	"github.com/alexedwards/argon2id"
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
		"":                             false,
		"1234567":                      false,
		"grüneeulen":                   true,
		"grüneul":                      false,
		strings.Repeat("x", 128):       true,
		strings.Repeat("x", 129):       false,
		"\xff\xfe5678901":              false,
		"e\u0301e\u0301e\u0301e\u0301": false, // four letters that were typed as eight code points
		strings.Repeat("e\u0301", 64):  true,  // 192 bytes that normalize to 128
		strings.Repeat("e\u0301", 65):  false,
		"a\tb and more":                false,
		"a\x00b and more":              false,
		"a\u200db and more":            false, // an invisible joiner
		"多语言口令也可以":                     true,
		"🦉🦉🦉🦉🦉🦉🦉🦉":                     true,
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

func TestCommonPasswordsAreRefused(t *testing.T) {
	for password, ok := range map[string]bool{
		"password":                    false,
		"12345678":                    false,
		"PassWord":                    false,
		" password ":                  false,
		"ｐａｓｓｗｏｒｄ":                    false,
		"password\u3000":              false, // an ideographic space
		"iloveyou":                    false,
		"qwertyuiop":                  false,
		"# the following conditions:": true, // the license in the file is not a password
		"password password rhubarb":   true,
		"correct horse battery":       true,
	} {
		var field *gatehouse.FieldError
		err := account.CheckPassword(password)
		if ok {
			require.NoError(t, err, password)
		} else {
			require.ErrorAs(t, err, &field, password)
			require.Contains(t, field.Message, "common", password)
		}
	}
}

// TestPasswordMatchesInEachUnicodeForm: RFC 8265 §4.2, and hashes of versions that did
// not normalize.
func TestPasswordMatchesInEachUnicodeForm(t *testing.T) {
	const composed, decomposed = "gr\u00fcne Eulen", "gru\u0308ne Eulen"
	h := account.NewHasher(cheap(account.HasherConfig{}))
	params := argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	matches := func(typed, hash string) bool {
		t.Helper()
		match, err := h.Matches(t.Context(), typed, hash)
		require.NoError(t, err)
		return match
	}
	for _, set := range []string{composed, decomposed, "gr\u00fcne\u00a0Eulen", "gr\u00fcne\u3000Eulen"} {
		hash, err := h.Hash(t.Context(), set)
		require.NoError(t, err)
		for _, typed := range []string{composed, decomposed, "gru\u0308ne\u2003Eulen", set} {
			require.True(t, matches(typed, hash), "set %+q, typed %+q", set, typed)
		}
		for _, typed := range []string{"grune Eulen", "grüne eulen", "ｇｒüne Eulen", "gr\u00fcneEulen", ""} {
			require.False(t, matches(typed, hash), "set %+q, typed %+q", set, typed)
		}

		old, err := argon2id.CreateHash(set, &params)
		require.NoError(t, err)
		require.True(t, matches(set, old), "a hash of what was typed still matches: %+q", set)
	}
	for _, refusedNow := range []string{"tab\tin the password", "joined \u200d emoji"} {
		old, err := argon2id.CreateHash(refusedNow, &params)
		require.NoError(t, err)
		require.True(t, matches(refusedNow, old), "%+q", refusedNow)
	}
	long := strings.Repeat("e\u0301", 64)
	hash, err := h.Hash(t.Context(), long)
	require.NoError(t, err)
	require.True(t, matches(long, hash), "192 bytes that normalize to 128")
	require.True(t, matches(strings.Repeat("\u00e9", 64), hash))
}

func TestTheWorkOfComparingDependsOnTheTypedPasswordOnly(t *testing.T) {
	var hashed atomic.Int64
	h := account.NewHasher(cheap(account.HasherConfig{Observe: func(int) { hashed.Add(1) }}))
	hash, err := h.Hash(t.Context(), "a password of some user")
	require.NoError(t, err)
	for typed, want := range map[string]int64{
		"wrong password":           1,
		"wrong pa\u0308ssword":     2,
		"wrong\u3000password":      2,
		"wrong\tpassword":          1,
		"wrong\xffpassword":        1,
		strings.Repeat("x", 60000): 1,
	} {
		for _, stored := range []string{hash, ""} {
			hashed.Store(0)
			match, err := h.Matches(t.Context(), typed, stored)
			require.NoError(t, err)
			require.False(t, match)
			require.Equal(t, want, hashed.Load(), "%+q, known user: %t", typed, stored != "")
		}
	}
}

func TestHasherLimitsConcurrency(t *testing.T) {
	const slots, calls = 2, 100
	var most, hashed atomic.Int64
	h := account.NewHasher(account.HasherConfig{
		MemoryKiB: 256, Passes: 1, Concurrency: slots, Queue: calls, ClientQueue: calls, MaxWait: time.Minute,
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
