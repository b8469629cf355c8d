package gatehouse

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// NewSecret returns a new random secret (a client secret, a session token) of
// 26 characters, 130 bits. Only its hash is ever stored.
func NewSecret() string { return NewID() }

// HashSecret returns the one-way hash under which a random secret is stored. Use it only
// for secrets with at least 128 random bits, for which SHA-256 is enough. Passwords are
// hashed with argon2id (package account).
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// SecretMatches reports in constant time whether hash is the hash of secret. The empty
// hash of a public app matches no secret.
func SecretMatches(secret, hash string) bool {
	if hash == "" {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(HashSecret(secret)), []byte(hash)) == 1
}
