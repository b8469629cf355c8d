package signing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"

	"gatehouse"
	"gatehouse/internal/audit"
	"gatehouse/internal/seal"
	"gatehouse/internal/web"
)

// The types of tokens, "typ" in their header. A token of one type is not accepted as
// another one (RFC 8725 §3.11).
const (
	TypeIDToken     = "JWT"        // OpenID Connect Core §2
	TypeLogoutToken = "logout+jwt" // Back-Channel Logout §2.4
)

// Store is the storage of Keys.
type Store interface {
	audit.Recorder
	// SigningKeys returns all keys.
	SigningKeys(ctx context.Context) ([]gatehouse.SigningKey, error)
	// ChangeSigningKeys adds, changes and removes keys, all or none. It returns
	// ErrConflict if another node changed the keys first.
	ChangeSigningKeys(ctx context.Context, added []gatehouse.SigningKey, changed []gatehouse.SigningKeyChange, removed []string) error
}

// KeysConfig configures Keys.
type KeysConfig struct {
	Store   Store
	Secrets [][]byte // the first seals private keys; all of them open what they have sealed
	Log     *slog.Logger
}

// Keys signs tokens and verifies them. It is safe for concurrent use. Several nodes may
// use the same database.
type Keys struct {
	store  Store
	sealer *seal.Sealer[privateKey]
	trail  audit.Trail
	log    *slog.Logger

	set    atomic.Pointer[keySet]
	flight singleflight.Group // one read and one change at a time
	mu     sync.Mutex         // held while set is replaced
	// reported are the keys about which the log has a message.
	reported map[string]bool
}

// NewKeys returns Keys. It reads nothing. It returns an error if a secret is too short.
func NewKeys(c KeysConfig) (*Keys, error) {
	sealer, err := seal.New[privateKey](sealedPrefix, c.Secrets...)
	if err != nil {
		return nil, fmt.Errorf("signing: keys: %w", err)
	}
	return &Keys{store: c.Store, sealer: sealer, trail: audit.NewTrail(c.Store, c.Log), log: c.Log, reported: map[string]bool{}}, nil
}

// Algorithms returns the algorithms with which Sign signs, the default first.
func (k *Keys) Algorithms() []string { return gatehouse.SigningAlgorithms() }

// Sign returns a signed token in compact form (RFC 7515 §7.1), with the claims as JSON.
// typ is TypeIDToken or TypeLogoutToken. The first call creates the keys, which takes part
// of a second. The first call with EdDSA creates its keys, and waits until all nodes
// publish them. It returns an error if the algorithm or the type is not supported, and
// ErrUnavailable if the database does not answer.
func (k *Keys) Sign(ctx context.Context, algorithm, typ string, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("signing: encode claims: %w", err)
	}
	if !slices.Contains(gatehouse.SigningAlgorithms(), algorithm) {
		return "", fmt.Errorf("signing: sign: the algorithm %q is not supported", algorithm)
	}
	signing, err := k.signingKey(ctx, algorithm)
	if err != nil {
		return "", err
	}
	signer := signing.signers[typ]
	if signer == nil {
		return "", fmt.Errorf("signing: sign: the type %q is not supported", typ)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("signing: sign: %w", err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("signing: sign: %w", err)
	}
	return token, nil
}

// signingKey returns the key that signs with an algorithm. If there is none, it adds one,
// and waits until all nodes publish it.
func (k *Keys) signingKey(ctx context.Context, algorithm string) (*key, error) {
	for range 3 {
		set, err := k.load(ctx)
		if err != nil {
			return nil, err
		}
		now := time.Now()
		if signing := set.signing(algorithm, now); signing != nil {
			return signing, nil
		}
		if next := set.nextSigning(algorithm, now); !next.IsZero() && next.Sub(now) <= activationDelay {
			select {
			case <-time.After(next.Sub(now)):
				continue
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		if err := k.addMissing(ctx, algorithm); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("signing: there is no key that signs with %s: %w", algorithm, gatehouse.ErrUnavailable)
}

// maxTokenLength is the longest token that Verify reads, in bytes.
const maxTokenLength = 16 << 10

// Verify returns the claims of a token that Sign returned, as JSON. It checks the
// signature with the published key that the token names, and the type. It does not check
// the claims: the token may have expired, and may be for any client. It returns ErrNotFound
// if the token is not valid, and ErrUnavailable if the database does not answer.
//
// The algorithm is that of the key. The header cannot choose another one, and keys in the
// header (jwk, jku, x5c, x5u) have no effect (RFC 8725 §3.1, §3.10).
func (k *Keys) Verify(ctx context.Context, typ, token string) ([]byte, error) {
	if len(token) > maxTokenLength {
		return nil, fmt.Errorf("signing: verify: the token has %d bytes: %w", len(token), gatehouse.ErrNotFound)
	}
	var algorithms []jose.SignatureAlgorithm
	for _, a := range gatehouse.SigningAlgorithms() {
		algorithms = append(algorithms, jose.SignatureAlgorithm(a))
	}
	signed, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil {
		return nil, fmt.Errorf("signing: verify: %w: %w", gatehouse.ErrNotFound, err)
	}
	set, err := k.load(ctx)
	if err != nil {
		return nil, err
	}
	header := signed.Signatures[0].Protected
	signing := set.find(header.KeyID)
	switch {
	case signing == nil:
		return nil, fmt.Errorf("signing: verify: no key has the id of the token: %w", gatehouse.ErrNotFound)
	case header.Algorithm != signing.Algorithm:
		return nil, fmt.Errorf("signing: verify: the key has another algorithm than the token: %w", gatehouse.ErrNotFound)
	case header.ExtraHeaders[jose.HeaderType] != typ:
		return nil, fmt.Errorf("signing: verify: the token has another type: %w", gatehouse.ErrNotFound)
	}
	claims, err := signed.Verify(signing.public)
	if err != nil {
		return nil, fmt.Errorf("signing: verify: %w: %w", gatehouse.ErrNotFound, err)
	}
	return claims, nil
}

// PublicKeys returns the JSON Web Key Set (RFC 7517 §5). The caller does not change it. The
// first call creates the keys of RS256 and ES256.
func (k *Keys) PublicKeys(ctx context.Context) ([]byte, error) {
	set, err := k.load(ctx)
	if err != nil {
		return nil, err
	}
	if len(set.keys) > 0 {
		return set.document, nil
	}
	if err := k.addMissing(ctx, gatehouse.AlgorithmRS256); err != nil {
		return nil, err
	}
	set, err = k.load(ctx)
	if err != nil {
		return nil, err
	}
	return set.document, nil
}

// List returns the published keys, in the order of the key set. It creates no keys.
func (k *Keys) List(ctx context.Context) ([]gatehouse.PublishedSigningKey, error) {
	set, err := k.load(ctx)
	if err != nil {
		return nil, err
	}
	list := []gatehouse.PublishedSigningKey{}
	for _, key := range set.published() {
		list = append(list, gatehouse.PublishedSigningKey{SigningKey: key.SigningKey, State: set.state(key)})
	}
	return list, nil
}

// maxAge is how old a key set may be. Each node uses a change within this time.
const maxAge = time.Second

// load returns the key set, at most maxAge old.
func (k *Keys) load(ctx context.Context) (*keySet, error) {
	if set := k.set.Load(); set != nil && time.Since(set.readAt) < maxAge {
		return set, nil
	}
	result := k.flight.DoChan("read", func() (any, error) {
		detached, cancel := web.Detach(ctx) // Other requests wait for this read, too.
		defer cancel()
		return k.read(detached)
	})
	select {
	case r := <-result:
		set, _ := r.Val.(*keySet)
		return set, r.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// read reads the key set and keeps it.
func (k *Keys) read(ctx context.Context) (*keySet, error) {
	readAt := time.Now() // before the read: the set is at least this old
	rows, err := k.store.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	previous := k.set.Load()
	var keys []*key
	last := map[string]int64{}
	for _, row := range rows {
		last[row.Algorithm] = max(last[row.Algorithm], row.Number)
		if !row.ExpiresAt.IsZero() && !readAt.Before(row.ExpiresAt) {
			continue
		}
		if parsed := k.parse(ctx, row, previous); parsed != nil {
			keys = append(keys, parsed)
		}
	}
	set := newKeySet(keys, last, readAt)
	if previous == nil || !previous.readAt.After(readAt) { // a read that began before a change must not replace the set with the change
		k.set.Store(set)
	}
	return set, nil
}

// parse returns a stored key. It uses what the previous set has parsed. It returns nil if
// the row is damaged.
func (k *Keys) parse(ctx context.Context, row gatehouse.SigningKey, previous *keySet) *key {
	parsed := &key{SigningKey: row}
	var known *key
	if previous != nil {
		if known = previous.find(row.ID); known != nil && known.PublicKey == row.PublicKey && known.Algorithm == row.Algorithm {
			parsed.public, parsed.jwk = known.public, known.jwk
			if parsed.signers = known.signers; known.SealedPrivateKey == row.SealedPrivateKey {
				parsed.resealed = known.resealed
				return parsed
			}
		}
	}
	if parsed.public == nil {
		if err := parsed.parse(); err != nil {
			k.report(ctx, row, "a signing key in the database is damaged and is not used", err)
			return nil
		}
	}
	// While the secret changes, another node may have sealed the key with a secret that
	// this node does not have. This node goes on with the key that it has opened.
	if err := parsed.open(k.sealer); err != nil && parsed.signers == nil {
		k.report(ctx, row, "no secret of this node opens a signing key; it stays published until it expires, and another key signs; every node needs the same GATEHOUSE_SECRET", err)
	}
	return parsed
}

// report logs a message about a key once.
func (k *Keys) report(ctx context.Context, row gatehouse.SigningKey, message string, err error) {
	if !k.reported[row.ID] {
		k.reported[row.ID] = true
		k.log.ErrorContext(ctx, message, "kid", row.ID, "algorithm", row.Algorithm, "expires_at", row.ExpiresAt, "error", err) //nolint:sloglint // the callers pass constants
	}
}

// isConflict reports whether another node changed the keys first.
func isConflict(err error) bool { return errors.Is(err, gatehouse.ErrConflict) }
