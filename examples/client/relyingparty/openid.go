package relyingparty

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// This file has what OpenID Connect adds: the ID token and its checks, and the logout.

// usesOpenID reports whether the app requests an ID token (OpenID Connect Core §3.1.2.1).
func (s Scenario) usesOpenID() bool {
	return !s.Implicit && slices.Contains(strings.Fields(s.Scope), "openid")
}

// idToken is an ID token with the results of its checks (OpenID Connect Core §3.1.3.7).
type idToken struct {
	Claims []field // in the order of their names
	Checks []check
	raw    string
}

// clockSkew is the difference between the clocks of the client and the server that the
// client accepts.
const clockSkew = time.Minute

// verifyIDToken checks an ID token. A real client refuses the sign-in if one check fails.
func (t *trial) verifyIDToken(ctx context.Context, raw, accessToken string) *idToken {
	token := &idToken{raw: raw}
	add := func(ok bool, good, bad string) {
		text := bad
		if ok {
			text = good
		}
		token.Checks = append(token.Checks, check{ok, text})
	}
	payload, algorithm, err := t.verifySignature(ctx, raw)
	if err != nil {
		add(false, "", "The signature was not verified: "+clip(err.Error()))
		return token
	}
	add(true, "The signature is right. It was verified with "+algorithm+" and a key of the server's key set.", "")
	var claims map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(payload)))
	decoder.UseNumber()
	if err := decoder.Decode(&claims); err != nil {
		add(false, "", "The ID token is not JSON.")
		return token
	}
	for name := range sortedKeys(claims) {
		value, _ := json.Marshal(claims[name]) // it was decoded from JSON
		token.Claims = append(token.Claims, field{clip(name), clip(strings.Trim(string(value), `"`))})
	}
	text := func(name string) string { value, _ := claims[name].(string); return value }
	audience, _ := claims["aud"].(string)
	if list, ok := claims["aud"].([]any); ok && len(list) == 1 {
		audience, _ = list[0].(string)
	}
	expires, _ := claims["exp"].(json.Number)
	seconds, _ := expires.Int64() // 0, which is in the past, if it is missing
	add(text("iss") == t.h.config.Issuer, "iss is the issuer of the server.", "iss is not the issuer of the server.")
	add(audience == t.scenario.ClientID, "aud is the client ID of this app.", "aud is not the client ID of this app.")
	add(time.Now().Before(time.Unix(seconds, 0).Add(clockSkew)), "exp is in the future.", "exp is in the past or missing.")
	add(text("nonce") == t.run.nonce, "nonce is the value that was sent.", "nonce is not the value that was sent.")
	add(text("sub") != "", "sub names the user.", "sub is missing.")
	if claims["at_hash"] != nil {
		add(text("at_hash") == halfHash(algorithm, accessToken), "at_hash is the hash of the access token.", "at_hash does not belong to the access token.")
	}
	return token
}

// halfHash returns the left half of the hash of a value (OpenID Connect Core §3.1.3.6).
func halfHash(algorithm, value string) string {
	if algorithm == "EdDSA" {
		sum := sha512.Sum512([]byte(value))
		return base64.RawURLEncoding.EncodeToString(sum[:32])
	}
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// jsonWebKey has the members of a public key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).
type jsonWebKey struct {
	KeyID string `json:"kid"`
	Type  string `json:"kty"`
	Curve string `json:"crv"`
	N     string `json:"n"`
	E     string `json:"e"`
	X     string `json:"x"`
	Y     string `json:"y"`
}

// verifySignature verifies the signature of a JWT with the key set of the server and returns
// its payload. The type of the key decides about the algorithm, and not the header alone,
// because an attacker writes the header (RFC 8725 §3.1).
func (t *trial) verifySignature(ctx context.Context, raw string) (payload []byte, algorithm string, err error) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return nil, "", errors.New("it does not have three parts")
	}
	var decoded [3][]byte
	for i, part := range parts {
		if decoded[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			return nil, "", err
		}
	}
	var header struct {
		Algorithm string `json:"alg"`
		KeyID     string `json:"kid"`
	}
	if err := json.Unmarshal(decoded[0], &header); err != nil {
		return nil, "", err
	}
	var set struct {
		Keys []jsonWebKey `json:"keys"`
	}
	if err := t.h.discovery.readJSON(ctx, t.endpoints.KeySet, &set); err != nil {
		return nil, "", err
	}
	i := slices.IndexFunc(set.Keys, func(k jsonWebKey) bool { return k.KeyID == header.KeyID })
	if i < 0 {
		return nil, "", errors.New("the key set does not have its key")
	}
	signed := []byte(parts[0] + "." + parts[1])
	if err := set.Keys[i].verify(header.Algorithm, signed, decoded[2]); err != nil {
		return nil, "", err
	}
	return decoded[1], header.Algorithm, nil
}

func (k jsonWebKey) verify(algorithm string, signed, signature []byte) error {
	bytes := func(s string) []byte {
		b, _ := base64.RawURLEncoding.DecodeString(s) // a wrong key verifies nothing
		return b
	}
	number := func(s string) *big.Int { return new(big.Int).SetBytes(bytes(s)) }
	digest := sha256.Sum256(signed)
	switch {
	case algorithm == "RS256" && k.Type == "RSA":
		key := &rsa.PublicKey{N: number(k.N), E: int(number(k.E).Int64())}
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature)
	case algorithm == "ES256" && k.Type == "EC" && k.Curve == "P-256" && len(signature) == 64:
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, bytes(k.X), bytes(k.Y)))
		if err != nil {
			return err
		}
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		if ecdsa.Verify(key, digest[:], r, s) {
			return nil
		}
		return errors.New("it does not match the key")
	case algorithm == "EdDSA" && k.Type == "OKP" && k.Curve == "Ed25519":
		if key := bytes(k.X); len(key) == ed25519.PublicKeySize && ed25519.Verify(key, signed, signature) {
			return nil
		}
		return errors.New("it does not match the key")
	}
	return fmt.Errorf("this client does not verify %q with a key of the type %q", algorithm, k.Type)
}

// PostLogoutRedirectURI returns the URL to which the user returns after the logout, with
// which the app must be registered if the handler runs at baseURL.
func (s Scenario) PostLogoutRedirectURI(baseURL string) string {
	return strings.TrimRight(baseURL, "/") + "/" + s.Slug + "/signed-out"
}

// logoutURL returns the logout request (OpenID Connect RP-Initiated Logout §2); "" if the
// run has no ID token or the server no logout.
func (t *trial) logoutURL() string {
	u, err := url.Parse(t.endpoints.EndSession)
	if t.run.idToken == nil || t.endpoints.EndSession == "" || err != nil {
		return ""
	}
	u.RawQuery = url.Values{
		"id_token_hint":            {t.run.idToken.raw},
		"post_logout_redirect_uri": {t.scenario.PostLogoutRedirectURI(t.h.config.BaseURL)},
		"state":                    {t.run.state},
	}.Encode()
	return u.String()
}

// signOut redirects to the server. The page does not have the URL itself, because it contains
// the ID token. Another site cannot start the logout.
func (h *handler) signOut(w http.ResponseWriter, r *http.Request) {
	h.withTrial(w, r, func(t *trial) {
		place := t.logoutURL()
		if place == "" || r.Header.Get("Sec-Fetch-Site") == "cross-site" {
			h.notFound(w, r)
			return
		}
		http.Redirect(w, r, place, http.StatusSeeOther)
	})
}

// signedOut ends the run if the server sent the user back, which state proves.
func (h *handler) signedOut(w http.ResponseWriter, r *http.Request) {
	h.withTrial(w, r, func(t *trial) {
		if r.URL.Query().Get("state") == t.run.state {
			*t.run = *newRun(t.scenario)
			t.run.signedOut = true
		}
		t.back(w, r, "")
	})
}
