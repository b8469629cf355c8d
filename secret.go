package gatehouse

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// NewSecret returns a new random secret (a client secret, a session token) of
// 26 characters, 130 bits. Only its hash is ever stored.
func NewSecret() string { return NewID() }

// HashSecret returns the one-way hash under which a random secret is stored.
// SHA-256 suffices, and must be used only, for secrets with at least 128 random
// bits: what people choose themselves goes through argon2id (package account).
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// SecretMatches reports in constant time whether secret is the one whose hash
// is stored. An empty hash (a public app has none) matches nothing.
func SecretMatches(secret, hash string) bool {
	if hash == "" {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(HashSecret(secret)), []byte(hash)) == 1
}
