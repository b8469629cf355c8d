package openid

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"maps"
	"time"

	"gatehouse"
)

// ACRPassword is the authentication class of a user who signed in with a password. It
// is the only one.
const ACRPassword = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"

// Authentication says how and when the user signed in, and what the app asked to know
// about it. It is sealed into the code, and stored with the grant.
type Authentication struct {
	At        time.Time // when the user signed in
	SessionID string
	Nonce     string // of the authorization request; "" at a refresh
	Claims    RequestedClaims
}

// IDToken is the content of an ID token (OpenID Connect Core §2).
type IDToken struct {
	Issuer         string
	ClientID       string
	User           gatehouse.User // only its ID is needed if the ID token has no claims about the user
	Groups         []string       // the names of the user's groups; only needed if HasGroups
	Authentication Authentication
	IssuedAt       time.Time
	// Scopes are those whose claims are in the ID token; nil if an access token gives them.
	Scopes []string

	AccessTokenHash string // §3.1.3.6; "" without an access token
	CodeHash        string // §3.3.2.11; "" without a code
}

// MarshalJSON returns the claims set. The claims about the user are those of Scopes and
// those that the request named for the ID token: an app with an access token reads the
// others at the UserInfo endpoint (OpenID Connect Core §5.4).
func (t IDToken) MarshalJSON() ([]byte, error) {
	claims := map[string]any{
		"iss":       t.Issuer,
		"sub":       t.User.ID,
		"aud":       t.ClientID,
		"azp":       t.ClientID,
		"iat":       t.IssuedAt.Unix(),
		"exp":       t.IssuedAt.Add(gatehouse.IDTokenLifetime).Unix(),
		"auth_time": t.Authentication.At.Unix(),
		"acr":       ACRPassword,
		"amr":       []string{"pwd"}, // RFC 8176 §2
		"sid":       SID(t.Authentication.SessionID, t.ClientID),
	}
	if requested := t.Authentication.Claims.IDToken; len(requested) > 0 || len(t.Scopes) > 0 {
		maps.Copy(claims, ClaimsOf(t.User, t.Groups, t.Scopes, requested))
	}
	for name, value := range map[string]string{"nonce": t.Authentication.Nonce, "at_hash": t.AccessTokenHash, "c_hash": t.CodeHash} {
		if value != "" {
			claims[name] = value
		}
	}
	return json.Marshal(claims)
}

// HasGroups reports whether the groups of the user are in the ID token.
func (t IDToken) HasGroups() bool { return GivesGroups(t.Scopes, t.Authentication.Claims.IDToken) }

// IDTokenClaims lists the claims of an ID token that do not describe the user.
func IDTokenClaims() []string {
	return []string{"iss", "aud", "azp", "iat", "exp", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"}
}

// SID returns the session id that an app sees: the claim sid of its ID tokens (OpenID
// Connect Front-Channel Logout §3). It is different for each app, so that
// apps cannot compare it. The id of a session is random, so its hash does not reveal it.
func SID(sessionID, clientID string) string {
	sum := sha256.Sum256([]byte("sid " + sessionID + " " + clientID))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// Hash returns the hash of an access token or a code for at_hash or c_hash: the left half of
// the hash that the algorithm of the ID token uses (OpenID Connect Core §3.1.3.6). The
// hash of EdDSA with Ed25519 is SHA-512.
func Hash(algorithm, value string) string {
	if algorithm == "EdDSA" {
		sum := sha512.Sum512([]byte(value))
		return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
	}
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
