package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"runtime"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"gatehouse"
	"gatehouse/internal/web"
)

// How long a password may be. The upper bound only keeps megabytes out.
const (
	MinPasswordLength = 8   // characters
	MaxPasswordLength = 128 // bytes
)

// CheckPassword reports why a new password is refused, as a *gatehouse.FieldError.
// Length is the only rule: rules of composition make passwords worse (NIST SP 800-63B §3.1.1.2).
func CheckPassword(password string) error {
	switch {
	case utf8.RuneCountInString(password) < MinPasswordLength:
		return &gatehouse.FieldError{Field: "password", Message: "The password must have at least 8 characters."}
	case len(password) > MaxPasswordLength:
		return &gatehouse.FieldError{Field: "password", Message: "The password must have at most 128 bytes."}
	case !utf8.ValidString(password):
		return &gatehouse.FieldError{Field: "password", Message: "The password holds bytes that are no text; type it again."}
	}
	return nil
}

// HasherConfig bounds what hashing may cost. Zero values have the defaults.
type HasherConfig struct {
	MemoryKiB   uint32        // of one hash; default 19456 (19 MiB)
	Passes      uint32        // over the memory; default 2
	Concurrency int           // hashes at a time; default half the processors, from 1 to 4
	Queue       int           // how many may wait for their turn; default 64
	MaxWait     time.Duration // for one's turn; default 5 s
	// Observe is called as each hash begins, with how many run now; may be nil.
	Observe func(running int)
}

// Hasher hashes and checks passwords, few at a time. It is safe for concurrent use.
type Hasher struct {
	params  argon2id.Params
	running chan struct{} // holds one element for each hash that runs
	present chan struct{} // … and for each one that runs or waits
	maxWait time.Duration
	observe func(running int)
	dummy   string
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
		c.Queue = 64
	}
	if c.MaxWait == 0 {
		c.MaxWait = 5 * time.Second
	}
	if c.Observe == nil {
		c.Observe = func(int) {}
	}
	params := argon2id.Params{Memory: c.MemoryKiB, Iterations: c.Passes, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	return &Hasher{
		params:  params,
		running: make(chan struct{}, c.Concurrency),
		present: make(chan struct{}, c.Concurrency+c.Queue),
		maxWait: c.MaxWait,
		observe: c.Observe,
		dummy:   dummyHash(params),
	}
}

// Hash returns the hash of a password in PHC form. It returns a 503 *web.Error
// when too many others are hashing, and the context's error when it ends first.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	hash, err := argon2id.CreateHash(password, &h.params)
	if err != nil {
		return "", fmt.Errorf("account: hash password: %w", err)
	}
	return hash, nil
}

// Matches reports whether password is the one that was hashed. For an empty
// hash, of somebody who does not exist or has no password, it does the same work
// and says no. Its errors are those of Hash, and a hash that is none.
func (h *Hasher) Matches(ctx context.Context, password, hash string) (bool, error) {
	// Over-long input cannot be anybody's password, but must cost as much.
	possible := hash != "" && len(password) <= MaxPasswordLength
	if !possible {
		password, hash = "", h.dummy
	}
	// A damaged row must not make argon2 panic.
	if p, _, _, err := argon2id.DecodeHash(hash); err != nil {
		return false, fmt.Errorf("account: stored password hash: %w", err)
	} else if p.Iterations < 1 || p.Parallelism < 1 {
		return false, fmt.Errorf("account: stored password hash: %w", argon2id.ErrInvalidHash)
	}
	leave, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("account: compare password: %w", err)
	}
	return match && possible, nil
}

// room returns the error of Hash and Matches that too many others are hashing, if they
// would return it now: so that a storm costs no more than that, where something has
// to be written first.
func (h *Hasher) room() error {
	if len(h.present) == cap(h.present) {
		return errBusy()
	}
	return nil
}

// enter waits for one's turn to hash. The caller must call leave.
func (h *Hasher) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.present <- struct{}{}:
	default:
		return nil, errBusy()
	}
	timer := time.NewTimer(h.maxWait)
	defer timer.Stop()
	select {
	case h.running <- struct{}{}:
	case <-timer.C:
		<-h.present
		return nil, errBusy()
	case <-ctx.Done():
		<-h.present
		return nil, fmt.Errorf("account: wait to hash: %w", ctx.Err())
	}
	h.observe(len(h.running))
	return func() {
		<-h.running
		<-h.present
	}, nil
}

func errBusy() *web.Error {
	return &web.Error{
		Status:  http.StatusServiceUnavailable,
		ID:      "api.user.login.busy.app_error",
		Message: "Too many people are signing in at the moment. Please try again in a few seconds.",
	}
}

// dummyHash is a hash of nothing: it has the right form and costs the usual
// work to compare, and no password is known for it.
func dummyHash(p argon2id.Params) string {
	salt, key := make([]byte, p.SaltLength), make([]byte, p.KeyLength)
	_, _ = rand.Read(salt) // crypto/rand.Read never fails since Go 1.24: it stops the program instead.
	_, _ = rand.Read(key)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", p.Memory, p.Iterations, p.Parallelism, encode(salt), encode(key))
}
