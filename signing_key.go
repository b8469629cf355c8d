package gatehouse

import "time"

// The algorithms of ID tokens and logout tokens (RFC 7518 §3.1, RFC 8037 §3.1).
const (
	AlgorithmRS256 = "RS256" // RSA of 2048 bits. OpenID Connect Core §15.1 requires it
	AlgorithmES256 = "ES256" // ECDSA with the curve P-256
	AlgorithmEdDSA = "EdDSA" // Ed25519
)

// SigningAlgorithms returns the algorithms, the default first.
func SigningAlgorithms() []string { return []string{AlgorithmRS256, AlgorithmES256, AlgorithmEdDSA} }

// SigningKey is a key pair that signs ID tokens and logout tokens. Its private part is
// sealed with a key that is derived from GATEHOUSE_SECRET.
type SigningKey struct {
	ID               string // the SHA-256 thumbprint of the public key (RFC 7638); "kid" in tokens
	Algorithm        string // one of SigningAlgorithms; the key is never used with another one
	Number           int64  // 1 for the first key of the algorithm. No two keys of an algorithm have the same number
	PublicKey        string // a JWK (RFC 7517)
	SealedPrivateKey string
	CreateAt         time.Time // published from this time on
	SignFrom         time.Time // signs from this time on, until the SignFrom of the following key
	ExpiresAt        time.Time // published until this time; zero while no key follows
}

// PublishedSigningKey is a published key, with its state on a node.
type PublishedSigningKey struct {
	SigningKey
	State SigningKeyState
}

// SigningKeyState is what a published key is used for.
type SigningKeyState string

// The states of a published key.
const (
	KeySigns    SigningKeyState = "signs"
	KeyNext     SigningKeyState = "next"     // will sign
	KeyPrevious SigningKeyState = "previous" // has signed
	KeySealed   SigningKeyState = "sealed"   // no secret of the node opens it
)

// SigningKeyChange is a change of a stored key. Only SealedPrivateKey, SignFrom and
// ExpiresAt can change.
type SigningKeyChange struct{ Before, After SigningKey }

const (
	// SigningKeyPeriod is how long a key signs, if no rotation ends it earlier.
	SigningKeyPeriod = 90 * 24 * time.Hour
	// SigningKeyLead is how long a key is published before it signs. It is longer than
	// JWKSMaxAge, so that each client that keeps the key set for that long has the key.
	SigningKeyLead = time.Hour
	// SigningKeyRetention is how long a key is published after the following key signs. It
	// is longer than the lifetime of any ID token. It is also how long an ID token is
	// accepted as id_token_hint, which may have expired (RP-Initiated Logout §2).
	SigningKeyRetention = SessionLifetime
	// JWKSMaxAge is how long clients and caches may keep the key set.
	JWKSMaxAge = 15 * time.Minute
)
