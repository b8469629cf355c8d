package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"runtime"
	"time"

	"github.com/alexedwards/argon2id"
)

// HasherConfig limits the cost of hashing. A zero field means the default.
type HasherConfig struct {
	MemoryKiB   uint32        // for one hash; default 19456 (19 MiB)
	Passes      uint32        // over the memory; default 2
	Concurrency int           // hashes at a time; default half the processors, from 1 to 4
	Queue       int           // how many calls may wait; default 256
	ClientQueue int           // how many calls of one network may wait; default 64
	MaxWait     time.Duration // of one call; default 5 s
	// Observe is called at the start of each hash with how many run now; may be nil.
	Observe func(running int)
}

// Hasher hashes and checks passwords, a few at a time. Each client network gets its turn,
// see hashQueue. It is safe for concurrent use.
type Hasher struct {
	params  argon2id.Params
	queue   *hashQueue
	observe func(running int)
	dummy   string // the hash that Matches compares with when a user has none
}

// NewHasher returns a Hasher.
func NewHasher(c HasherConfig) *Hasher {
	if c.MemoryKiB == 0 {
		c.MemoryKiB = 19 * 1024
	}
	if c.Passes == 0 {
		c.Passes = 2
	}
	if c.Concurrency == 0 {
		c.Concurrency = min(max(runtime.GOMAXPROCS(0)/2, 1), 4)
	}
	if c.Queue == 0 {
		c.Queue = 256
	}
	if c.ClientQueue == 0 {
		c.ClientQueue = 64
	}
	if c.MaxWait == 0 {
		c.MaxWait = 5 * time.Second
	}
	if c.Observe == nil {
		c.Observe = func(int) {}
	}
	params := argon2id.Params{Memory: c.MemoryKiB, Iterations: c.Passes, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	return &Hasher{
		params: params,
		queue: &hashQueue{
			slots: c.Concurrency, perClient: c.ClientQueue, perAllocation: 2 * c.ClientQueue, capacity: c.Queue, maxWait: c.MaxWait,
		},
		observe: c.Observe,
		dummy:   dummyHash(params),
	}
}

// Hash returns the argon2id hash of a password, normalized, in PHC string format. It returns a
// *web.Error with status 503 if too many other calls wait, and the context's error if
// the context ends first.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	running, err := h.queue.enter(ctx)
	if err != nil {
		return "", err
	}
	defer h.queue.leave()
	h.observe(running)
	hash, err := argon2id.CreateHash(passwordForms(password)[0], &h.params)
	if err != nil {
		return "", fmt.Errorf("account: hash password: %w", err)
	}
	return hash, nil
}

// Matches reports whether hash is the hash of password, normalized or as it was typed.
// For an empty hash (an unknown user, or a user without a password) it does the same
// work and returns false. Its errors are those of Hash, and an error for a malformed hash.
func (h *Hasher) Matches(ctx context.Context, password, hash string) (bool, error) {
	forms := []string{""}
	// Input that is too long is not a password of any user, but must cost the same.
	possible := len(password) <= maxTypedPassword
	if possible {
		forms = passwordForms(password)
		possible = hash != "" && len(forms[0]) <= maxPasswordLength
	}
	if !possible {
		hash = h.dummy
	}
	// argon2id panics if a stored hash has zero passes or lanes.
	if p, _, _, err := argon2id.DecodeHash(hash); err != nil {
		return false, fmt.Errorf("account: stored password hash: %w", err)
	} else if p.Iterations < 1 || p.Parallelism < 1 {
		return false, fmt.Errorf("account: stored password hash: %w", argon2id.ErrInvalidHash)
	}
	running, err := h.queue.enter(ctx)
	if err != nil {
		return false, err
	}
	defer h.queue.leave()
	for _, form := range forms {
		h.observe(running)
		match, err := argon2id.ComparePasswordAndHash(form, hash)
		if err != nil {
			return false, fmt.Errorf("account: compare password: %w", err)
		}
		if match && possible {
			return true, nil
		}
	}
	return false, nil
}

// dummyHash returns a hash that costs as much to compare as a real one and that
// matches no known password.
func dummyHash(p argon2id.Params) string {
	salt, key := make([]byte, p.SaltLength), make([]byte, p.KeyLength)
	_, _ = rand.Read(salt) // crypto/rand.Read never fails since Go 1.24: it stops the program instead.
	_, _ = rand.Read(key)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", p.Memory, p.Iterations, p.Parallelism, encode(salt), encode(key))
}
