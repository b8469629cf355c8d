package gatehouse

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"unicode"
)

// IDLength is the length in bytes of every id (client ids, user ids, request ids), and
// of client secrets and session tokens (C 2.1).
const IDLength = 26

// zbase32 is the alphabet of the contract's ids (C 2.1).
var zbase32 = base32.NewEncoding("ybndrfg8ejkmcpqxot1uwisza345h769").WithPadding(base32.NoPadding)

// NewID returns a new random id of 26 characters, 130 bits.
func NewID() string {
	var b [17]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never returns an error since Go 1.24: it stops the program instead.
	return zbase32.EncodeToString(b[:])[:IDLength]
}

// DeriveID returns the id of a seed, which is always the same. It is as hard to guess as
// the seed.
func DeriveID(seed string) string {
	sum := sha256.Sum256([]byte(seed))
	return zbase32.EncodeToString(sum[:17])[:IDLength]
}

// ValidID reports whether s has the form of an id: exactly 26 bytes, and each rune is a
// letter or a number (C 2.1). Like the contract it accepts ids that other software made
// with another alphabet.
func ValidID(s string) bool {
	if len(s) != IDLength {
		return false
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) {
			return false
		}
	}
	return true
}
