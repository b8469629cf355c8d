package seal

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/crypto/chacha20poly1305"
)

// MinSecretLength is the shortest secret, in bytes.
const MinSecretLength = 32

// MaxLength is the longest sealed string, in bytes, so that a client cannot make the
// server decrypt megabytes.
const MaxLength = 8192

// ErrInvalid means that a string was not sealed with one of the keys of its kind, or was
// changed.
var ErrInvalid = errors.New("seal: not a sealed value of this gateway")

const keyIDLength = 4

// Sealer seals and opens the values of one kind. It is safe for concurrent use.
type Sealer[T any] struct {
	prefix string
	keys   []key // the first one seals; all of them open
	strict *base64.Encoding
}

type key struct {
	id   [keyIDLength]byte
	aead cipher.AEAD
	mac  []byte
}

// New returns a Sealer whose strings begin with prefix. It seals with the first secret
// and opens with all of them, so that values of an earlier secret stay valid. It returns
// an error if there is no secret, or if one is shorter than MinSecretLength.
func New[T any](prefix string, secrets ...[]byte) (*Sealer[T], error) {
	if len(secrets) == 0 {
		return nil, errors.New("seal: no secret")
	}
	s := &Sealer[T]{prefix: prefix, strict: base64.RawURLEncoding.Strict()}
	for _, secret := range secrets {
		if len(secret) < MinSecretLength {
			return nil, fmt.Errorf("seal: a secret must have at least %d bytes, this one has %d", MinSecretLength, len(secret))
		}
		k, err := deriveKey(secret, prefix)
		if err != nil {
			return nil, err
		}
		s.keys = append(s.keys, k)
	}
	return s, nil
}

func deriveKey(secret []byte, prefix string) (key, error) {
	const size = keyIDLength + chacha20poly1305.KeySize + sha256.Size
	okm, err := hkdf.Key(sha256.New, secret, nil, "gatehouse seal v1 "+prefix, size)
	if err != nil {
		return key{}, fmt.Errorf("seal: derive key: %w", err)
	}
	aead, err := chacha20poly1305.NewX(okm[keyIDLength : keyIDLength+chacha20poly1305.KeySize])
	if err != nil {
		return key{}, fmt.Errorf("seal: cipher: %w", err)
	}
	k := key{aead: aead, mac: okm[keyIDLength+chacha20poly1305.KeySize:]}
	copy(k.id[:], okm)
	return k, nil
}

// Key derives a key of 32 bytes from a secret, for a purpose other than sealing.
func Key(purpose string, secret []byte) ([]byte, error) {
	k, err := hkdf.Key(sha256.New, secret, nil, "gatehouse key v1 "+purpose, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("seal: derive key: %w", err)
	}
	return k, nil
}

// Seal returns the sealed string of v. It returns an error if v cannot be encoded.
func (s *Sealer[T]) Seal(v T) (string, error) {
	plaintext, err := cbor.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("seal: encode: %w", err)
	}
	k := s.keys[0]
	mac := hmac.New(sha256.New, k.mac)
	mac.Write(plaintext)
	nonce := mac.Sum(nil)[:chacha20poly1305.NonceSizeX]
	out := append(k.id[:], nonce...)
	out = k.aead.Seal(out, nonce, plaintext, []byte(s.prefix))
	return s.prefix + base64.RawURLEncoding.EncodeToString(out), nil
}

// Open returns the value of a string that Seal returned. It returns ErrInvalid for any
// other string.
func (s *Sealer[T]) Open(sealed string) (T, error) {
	var v T
	encoded, ok := strings.CutPrefix(sealed, s.prefix)
	if !ok || len(sealed) > MaxLength {
		return v, ErrInvalid
	}
	// One value has one string: Strict refuses other values of the unused last bits, and
	// this check refuses line breaks, which encoding/base64 skips.
	if strings.ContainsAny(encoded, "\r\n") {
		return v, ErrInvalid
	}
	raw, err := s.strict.DecodeString(encoded)
	if err != nil || len(raw) < keyIDLength+chacha20poly1305.NonceSizeX {
		return v, ErrInvalid
	}
	for _, k := range s.keys {
		if string(k.id[:]) != string(raw[:keyIDLength]) {
			continue
		}
		nonce, ciphertext := raw[keyIDLength:keyIDLength+chacha20poly1305.NonceSizeX], raw[keyIDLength+chacha20poly1305.NonceSizeX:]
		plaintext, err := k.aead.Open(nil, nonce, ciphertext, []byte(s.prefix))
		if err != nil {
			continue
		}
		if err := cbor.Unmarshal(plaintext, &v); err != nil {
			return v, fmt.Errorf("seal: decode: %w", err)
		}
		return v, nil
	}
	return v, ErrInvalid
}

// HasPrefix reports whether the string has the prefix of this kind.
func (s *Sealer[T]) HasPrefix(sealed string) bool { return strings.HasPrefix(sealed, s.prefix) }
