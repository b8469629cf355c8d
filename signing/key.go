package signing

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"gatehouse"
	"gatehouse/internal/seal"
)

// rsaBits is the size of RSA keys. NIST SP 800-57 accepts 2048 bits until 2030. A
// signature with 3072 bits takes three times as long.
const rsaBits = 2048

// sealedPrefix begins a sealed private key.
const sealedPrefix = "gthk_"

// privateKey is the content of a sealed private key. It names its row, so a sealed value
// that is copied to another row does not open there.
type privateKey struct {
	_         struct{} `cbor:",toarray"`
	ID        string
	Algorithm string
	PKCS8     []byte
}

// key is a stored key that was parsed.
type key struct {
	gatehouse.SigningKey
	public crypto.PublicKey
	jwk    []byte // the public key as the key set shows it
	// signers has a signer for each type of token. It is nil if no secret of this node
	// opens the private key.
	signers map[string]jose.Signer
	// resealed is the private key, sealed with the current secret. It is "" if the current
	// secret sealed the stored one, or if the private key does not open.
	resealed string
}

func (k *key) opened() bool { return k.signers != nil }

// generate returns a new key of an algorithm with a sealed private key. The caller sets
// the number and the times.
func generate(algorithm string, sealer *seal.Sealer[privateKey]) (*key, error) {
	private, err := generatePrivate(algorithm)
	if err != nil {
		return nil, fmt.Errorf("signing: generate %s key: %w", algorithm, err)
	}
	jwk := jose.JSONWebKey{Key: private.Public(), Algorithm: algorithm, Use: "sig"}
	if jwk.KeyID, err = thumbprint(jwk); err != nil {
		return nil, err
	}
	public, err := jwk.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("signing: encode %s key: %w", algorithm, err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("signing: encode %s key: %w", algorithm, err)
	}
	k := &key{SigningKey: gatehouse.SigningKey{ID: jwk.KeyID, Algorithm: algorithm, PublicKey: string(public)}}
	if k.SealedPrivateKey, err = sealer.Seal(privateKey{ID: k.ID, Algorithm: algorithm, PKCS8: pkcs8}); err != nil {
		return nil, err
	}
	if err := k.parse(); err != nil {
		return nil, err
	}
	return k, k.open(sealer)
}

func generatePrivate(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case gatehouse.AlgorithmRS256:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	case gatehouse.AlgorithmES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case gatehouse.AlgorithmEdDSA:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
	return nil, errors.New("the algorithm is not supported")
}

// thumbprint returns the id of a key (RFC 7638 §3).
func thumbprint(jwk jose.JSONWebKey) (string, error) {
	sum, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("signing: thumbprint: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}

// parse sets the public key. It returns an error if the row is not consistent: the id, the
// algorithm and the type of the key must belong together (RFC 8725 §3.1).
func (k *key) parse() error {
	var jwk jose.JSONWebKey
	if err := json.Unmarshal([]byte(k.PublicKey), &jwk); err != nil {
		return fmt.Errorf("signing: parse public key: %w", err)
	}
	if !jwk.Valid() || !jwk.IsPublic() || jwk.Algorithm != k.Algorithm || !fits(jwk.Key, k.Algorithm) {
		return errors.New("signing: parse public key: it is not a public key of its algorithm")
	}
	if id, err := thumbprint(jwk); err != nil || id != k.ID || jwk.KeyID != k.ID {
		return errors.Join(errors.New("signing: parse public key: the id is not its thumbprint"), err)
	}
	k.public = jwk.Key
	var err error
	k.jwk, err = jose.JSONWebKey{Key: jwk.Key, KeyID: k.ID, Algorithm: k.Algorithm, Use: "sig"}.MarshalJSON() // no other members
	return err
}

// fits reports whether a public key can be used with an algorithm.
func fits(public crypto.PublicKey, algorithm string) bool {
	switch public := public.(type) {
	case *rsa.PublicKey:
		return algorithm == gatehouse.AlgorithmRS256 && public.N.BitLen() >= rsaBits
	case *ecdsa.PublicKey:
		return algorithm == gatehouse.AlgorithmES256 && public.Curve == elliptic.P256()
	case ed25519.PublicKey:
		return algorithm == gatehouse.AlgorithmEdDSA
	}
	return false
}

// open opens the private key. It returns an error if no secret of this node opens it, or
// if it does not belong to the public key.
func (k *key) open(sealer *seal.Sealer[privateKey]) error {
	opened, err := sealer.Open(k.SealedPrivateKey)
	if err != nil {
		return fmt.Errorf("signing: open private key: %w", err)
	}
	private, err := x509.ParsePKCS8PrivateKey(opened.PKCS8)
	if err != nil {
		return fmt.Errorf("signing: parse private key: %w", err)
	}
	signer, isSigner := private.(crypto.Signer)
	public, isPublic := k.public.(interface {
		Equal(other crypto.PublicKey) bool
	})
	if !isSigner || !isPublic || opened.ID != k.ID || opened.Algorithm != k.Algorithm || !public.Equal(signer.Public()) {
		return errors.New("signing: open private key: it is the private key of another key")
	}
	k.signers = map[string]jose.Signer{}
	for _, typ := range []string{TypeIDToken, TypeLogoutToken} {
		k.signers[typ], err = jose.NewSigner(
			jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.Algorithm), Key: jose.JSONWebKey{Key: private, KeyID: k.ID}},
			(&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
		if err != nil {
			return fmt.Errorf("signing: signer: %w", err)
		}
	}
	// Sealing the same value with the same secret gives the same string.
	again, err := sealer.Seal(opened)
	if err != nil {
		return err
	}
	if again != k.SealedPrivateKey {
		k.resealed = again
	}
	return nil
}
