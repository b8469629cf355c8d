package signing_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/signing"
)

func encode(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return base64.RawURLEncoding.EncodeToString(text)
}

// forged returns a token with a header and a signature of HMAC-SHA-256.
func forged(t *testing.T, header map[string]any, key []byte) string {
	t.Helper()
	input := encode(t, header) + "." + encode(t, map[string]string{"sub": "admin"})
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(input))
	return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Attack: algorithm confusion (CVE-2015-9235, RFC 8725 §2.1). The public key is the
// secret of an HMAC, or there is no signature at all.
func TestAlgorithmOfTheHeaderIsNotTrusted(t *testing.T) {
	keys := nodeWithAllKeys(t, &memory{})
	set := keySet(t, keys)
	require.Len(t, set.Keys, 6)
	for _, k := range set.Keys {
		der, err := x509.MarshalPKIXPublicKey(k.Key)
		require.NoError(t, err)
		jwk, err := k.MarshalJSON()
		require.NoError(t, err)
		for _, key := range [][]byte{der, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), jwk, {}} {
			for _, alg := range []string{"HS256", "HS384", "HS512", "hs256", "none", "None", "NONE", "", "PS256", "RS384", "ES384", "ES256K", "EdDSA", "RS256", "ES256"} {
				requireInvalid(t, keys, forged(t, map[string]any{"alg": alg, "typ": "JWT", "kid": k.KeyID}, key))
			}
		}
		for _, alg := range []string{"none", "None", "nOnE", ""} {
			header := encode(t, map[string]any{"alg": alg, "typ": "JWT", "kid": k.KeyID})
			requireInvalid(t, keys, header+"."+encode(t, map[string]string{"sub": "admin"})+".")
		}
	}
}

// replaceHeader returns the token with changes of its header, and the same signature.
func replaceHeader(t *testing.T, token string, changes map[string]any) string {
	t.Helper()
	parts := strings.Split(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[0])
	require.NoError(t, err)
	header := map[string]any{}
	require.NoError(t, json.Unmarshal(raw, &header))
	for name, value := range changes {
		if header[name] = value; value == nil {
			delete(header, name)
		}
	}
	return encode(t, header) + "." + parts[1] + "." + parts[2]
}

// Attack: use a key with another algorithm, or name another key.
func TestKeyIsUsedWithItsOwnAlgorithmAndTokensOnly(t *testing.T) {
	keys := nodeWithAllKeys(t, &memory{})
	for _, algorithm := range keys.Algorithms() {
		token := sign(t, keys, algorithm)
		for _, other := range keySet(t, keys).Keys {
			if other.KeyID == headerOf(t, token).KeyID {
				continue
			}
			requireInvalid(t, keys, replaceHeader(t, token, map[string]any{"kid": other.KeyID}))
			requireInvalid(t, keys, replaceHeader(t, token, map[string]any{"kid": other.KeyID, "alg": other.Algorithm}))
			requireInvalid(t, keys, replaceHeader(t, token, map[string]any{"alg": other.Algorithm, "x": 1}))
		}
		for _, changes := range []map[string]any{{"kid": nil}, {"kid": ""}, {"kid": "../../dev/null"}, {"kid": "' OR 1=1 --"}, {"kid": 1}, {"typ": nil}, {"typ": "at+jwt"}, {"x": "y"}, {"crit": []string{"x"}, "x": 1}, {"crit": []string{}}, {"b64": false, "crit": []string{"b64"}}} {
			requireInvalid(t, keys, replaceHeader(t, token, changes))
		}
	}
}

// Attack: bring the key along (CVE-2018-0114), or say where to fetch it.
func TestKeysInTheHeaderAreIgnored(t *testing.T) {
	keys := node(t, &memory{})
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	var kid string
	for _, k := range keySet(t, keys).Keys {
		if k.Algorithm == gatehouse.AlgorithmES256 {
			kid = k.KeyID
		}
	}
	for name, value := range map[string]any{
		"jwk": jose.JSONWebKey{Key: private.Public(), KeyID: kid, Algorithm: "ES256", Use: "sig"}, "jku": "https://attacker.example/jwks",
		"x5u": "https://attacker.example/cert.pem", "x5c": []string{}, "x5t": "AAAA",
	} {
		for _, id := range []string{kid, "attacker", ""} {
			options := (&jose.SignerOptions{}).WithType(signing.TypeIDToken).WithHeader(jose.HeaderKey(name), value)
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: private, KeyID: id}}, options)
			require.NoError(t, err)
			signed, err := signer.Sign([]byte(`{"sub":"admin"}`))
			require.NoError(t, err)
			token, err := signed.CompactSerialize()
			require.NoError(t, err)
			requireInvalid(t, keys, token)
		}
	}
}

// Attack: send a logout token as id_token_hint, or the reverse (RFC 8725 §2.8).
func TestTokenOfAnotherTypeIsRefused(t *testing.T) {
	keys, ctx := node(t, &memory{}), context.Background()
	for _, typ := range []string{signing.TypeIDToken, signing.TypeLogoutToken} {
		for _, want := range []string{signing.TypeIDToken, signing.TypeLogoutToken} {
			token, err := keys.Sign(ctx, gatehouse.AlgorithmES256, typ, map[string]string{"sub": "ada"})
			require.NoError(t, err)
			_, err = keys.Verify(ctx, want, token)
			if typ == want {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, gatehouse.ErrNotFound)
			}
		}
	}
	_, err := keys.Sign(ctx, gatehouse.AlgorithmES256, "at+jwt", nil)
	require.Error(t, err)
	for _, algorithm := range []string{"HS256", "none", "", "es256"} {
		_, err := keys.Sign(ctx, algorithm, signing.TypeIDToken, nil)
		require.Error(t, err, algorithm)
	}
}

func TestTokensThatAreNotOursAreRefused(t *testing.T) {
	keys, stranger := nodeWithAllKeys(t, &memory{}), nodeWithAllKeys(t, &memory{})
	for _, algorithm := range keys.Algorithms() {
		token := sign(t, keys, algorithm)
		requireValid(t, keys, token)
		requireInvalid(t, keys, sign(t, stranger, algorithm))
		parts := strings.Split(token, ".")
		requireInvalid(t, keys, parts[0]+"."+encode(t, map[string]string{"sub": "eve"})+"."+parts[2])
		requireInvalid(t, keys, parts[0]+"."+parts[1]+".")
		requireInvalid(t, keys, parts[0]+"."+parts[1])
		requireInvalid(t, keys, token+".x")
		requireInvalid(t, keys, " "+token)
		requireInvalid(t, keys, token[:len(token)-8]+"AAAAAAAA")
	}
	for _, bad := range []string{"", ".", "..", "...", "a.b.c", "{}", `{"payload":"e30","signatures":[]}`, strings.Repeat("a", 1<<20), strings.Repeat("a.", 8000)} {
		requireInvalid(t, keys, bad)
	}
}
