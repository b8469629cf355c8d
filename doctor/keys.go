package doctor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
)

// minRSABits is the smallest modulus of a key for RS256 (RFC 7518 §3.3).
const minRSABits = 2048

// checkKeys reads the key set. Without OpenID Connect a server needs none.
func (e *examination) checkKeys(ctx context.Context, m map[string]json.RawMessage, uri string) {
	if uri == "" {
		return
	}
	a, failed := e.client.get(ctx, uri, acceptJSON())
	if failed != nil {
		e.fail(failed)
		return
	}
	keys, problem := parseKeys(a)
	if problem != "" {
		e.Broken(keysFound, "%s", problem)
		return
	}
	e.Met(keysFound, "The number of keys in the key set is %d.", len(keys))
	e.checkPrivate(keys)
	e.checkKeyIDs(keys)
	if algorithms, ok := listMember(m, "id_token_signing_alg_values_supported"); ok {
		e.checkRS256(keys, algorithms)
	}
}

// parseKeys returns the keys of a key set, or a sentence that says what is wrong.
func parseKeys(a answer) (keys []map[string]json.RawMessage, problem string) {
	if a.status != http.StatusOK {
		return nil, fmt.Sprintf("The key set %s answers %d.", quote(a.url), a.status)
	}
	set, err := parseObject(a.body)
	switch {
	case err != nil && a.isHTML():
		return nil, fmt.Sprintf("The key set %s is a web page instead of JSON.", quote(a.url))
	case err != nil:
		return nil, fmt.Sprintf("The key set %s is not a JSON object: %s.", quote(a.url), plain(err.Error()))
	case json.Unmarshal(set["keys"], &keys) != nil:
		return nil, fmt.Sprintf("The key set %s has no member keys that is a list of objects.", quote(a.url))
	case len(keys) == 0:
		return nil, fmt.Sprintf("The key set %s is empty.", quote(a.url))
	}
	return keys, ""
}

// checkPrivate looks for the private members of RFC 7518 §6. It never shows them.
func (e *examination) checkPrivate(keys []map[string]json.RawMessage) {
	var private []string
	for _, key := range keys {
		if slices.ContainsFunc([]string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}, func(name string) bool { _, has := key[name]; return has }) {
			private = append(private, nameOfKey(key))
		}
	}
	if len(private) > 0 {
		e.Broken(keysPrivate, "The key set publishes private or secret keys, so every reader can sign tokens: %s.", list(private))
	} else {
		e.Met(keysPrivate, "The key set has only public keys.")
	}
}

func nameOfKey(key map[string]json.RawMessage) string {
	if id, ok := stringMember(key, "kid"); ok {
		return id
	}
	return "a key without an id"
}

func (e *examination) checkKeyIDs(keys []map[string]json.RawMessage) {
	var ids, twice []string
	unnamed := 0
	for _, key := range keys {
		id, ok := stringMember(key, "kid")
		switch {
		case !ok:
			unnamed++
		case slices.Contains(ids, id):
			twice = append(twice, id)
		default:
			ids = append(ids, id)
		}
	}
	switch {
	case len(twice) > 0:
		e.Broken(keysIDs, "Several keys have the same id: %s.", list(twice))
	case unnamed > 0 && len(keys) > 1:
		e.Broken(keysIDs, "%d of %d keys have no id, so a client cannot tell which one signed a token.", unnamed, len(keys))
	default:
		e.Met(keysIDs, "A client can tell the keys apart by their ids.")
	}
}

// checkRS256 looks for a key that verifies RS256, which every OpenID provider must support.
func (e *examination) checkRS256(keys []map[string]json.RawMessage, algorithms []string) {
	if !slices.Contains(algorithms, "RS256") {
		e.Broken(keysRS256, "The server does not announce RS256 for ID tokens.")
		return
	}
	reason := "the set has no RSA key"
	for _, key := range keys {
		why := whyNotRS256(key)
		if why == "" {
			e.Met(keysRS256, "The key %s can verify RS256.", quote(nameOfKey(key)))
			return
		}
		if kty, _ := stringMember(key, "kty"); kty == "RSA" {
			reason = why
		}
	}
	e.Broken(keysRS256, "No key of the set can verify RS256: %s.", reason)
}

// whyNotRS256 says why a key cannot verify RS256, or returns "".
func whyNotRS256(key map[string]json.RawMessage) string {
	kty, _ := stringMember(key, "kty")
	use, hasUse := stringMember(key, "use")
	alg, hasAlg := stringMember(key, "alg")
	modulus, _ := stringMember(key, "n")
	n, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(modulus, "="))
	bits := new(big.Int).SetBytes(n).BitLen()
	_, hasExponent := stringMember(key, "e")
	switch {
	case kty != "RSA":
		return "the key is not an RSA key"
	case hasUse && use != "sig":
		return fmt.Sprintf("the use of the RSA key is %s", quote(use))
	case hasAlg && alg != "RS256":
		return fmt.Sprintf("the algorithm of the RSA key is %s", quote(alg))
	case err != nil || !hasExponent:
		return "the modulus or the exponent of the RSA key cannot be read"
	case bits < minRSABits:
		return fmt.Sprintf("the RSA key has %d bits", bits)
	}
	return ""
}
