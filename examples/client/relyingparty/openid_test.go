package relyingparty_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"gatehouse/examples/client/relyingparty"

	"github.com/stretchr/testify/require"
)

// openIDProvider adds OpenID Connect to the fake server: each token response has an ID
// token with the claims, after change.
type openIDProvider struct {
	*fakeServer
	algorithm string
	keys      map[string]crypto.Signer // by algorithm
	nonce     string                   // of the last authorization request
	change    func(header, claims map[string]any)
}

func encode(v any) string {
	b, ok := v.([]byte)
	if !ok {
		b, _ = json.Marshal(v)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func startOpenID(t *testing.T, algorithm string) (*browser, *openIDProvider) {
	t.Helper()
	p := &openIDProvider{fakeServer: newFakeServer(t), algorithm: algorithm, keys: map[string]crypto.Signer{}}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	p.keys = map[string]crypto.Signer{"RS256": rsaKey, "ES256": ecKey, "EdDSA": edKey}
	point, err := ecKey.PublicKey.Bytes()
	require.NoError(t, err)
	set := map[string]any{"keys": []any{
		map[string]any{"kid": "RS256", "kty": "RSA", "n": encode(rsaKey.N.Bytes()), "e": "AQAB"},
		map[string]any{"kid": "ES256", "kty": "EC", "crv": "P-256", "x": encode(point[1:33]), "y": encode(point[33:])},
		map[string]any{"kid": "EdDSA", "kty": "OKP", "crv": "Ed25519", "x": encode([]byte(edKey.Public().(ed25519.PublicKey)))},
	}}
	mux := http.NewServeMux()
	mux.Handle("/", p.Config.Handler)
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"issuer": p.URL, "jwks_uri": p.URL + "/jwks", "userinfo_endpoint": p.URL + "/api/v4/users/me", "end_session_endpoint": p.URL + "/logout"})
	})
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, set) })
	mux.HandleFunc("GET /logout", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		http.Redirect(w, r, q.Get("post_logout_redirect_uri")+"?state="+url.QueryEscape(q.Get("state")), http.StatusSeeOther)
	})
	p.Config.Handler = mux
	p.answer = func(asked, _ url.Values) { p.nonce = asked.Get("nonce") }
	p.token = func(w http.ResponseWriter, _ *http.Request) bool {
		access := p.issue() // the token endpoint holds mu
		writeJSON(w, http.StatusOK, map[string]any{"access_token": access, "token_type": "bearer", "expires_in": 3600, "id_token": p.idToken(t, access)})
		return true
	}
	b := start(t, p.fakeServer, func(c *relyingparty.Config) { c.Scenarios[0].Scope, c.Scenarios[0].Resource = "openid profile", "" })
	return b, p
}

func (p *openIDProvider) idToken(t *testing.T, accessToken string) string {
	t.Helper()
	header := map[string]any{"alg": p.algorithm, "kid": p.algorithm}
	claims := map[string]any{"iss": p.URL, "aud": confidentialID, "sub": "u1", "exp": time.Now().Add(time.Hour).Unix(), "nonce": p.nonce}
	if p.algorithm != "EdDSA" {
		sum := sha256.Sum256([]byte(accessToken))
		claims["at_hash"] = encode(sum[:16])
	}
	if p.change != nil {
		p.change(header, claims)
	}
	signed := encode(header) + "." + encode(claims)
	digest := sha256.Sum256([]byte(signed))
	var signature []byte
	var err error
	switch key := p.keys[p.algorithm].(type) {
	case *rsa.PrivateKey:
		signature, err = rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	case *ecdsa.PrivateKey:
		r, s, signErr := ecdsa.Sign(rand.Reader, key, digest[:])
		signature, err = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), signErr
	case ed25519.PrivateKey:
		signature = ed25519.Sign(key, []byte(signed))
	}
	require.NoError(t, err)
	return signed + "." + encode(signature)
}

func TestIDTokenIsCheckedAndTheUserSignsOut(t *testing.T) {
	for _, algorithm := range []string{"RS256", "ES256", "EdDSA"} {
		t.Run(algorithm, func(t *testing.T) {
			b, p := startOpenID(t, algorithm)
			shown := b.signIn("confidential")
			require.NotEmpty(t, p.nonce)
			require.Contains(t, shown.text("#id-token"), "✓ The signature is right. It was verified with "+algorithm)
			require.Contains(t, shown.text("#id-token"), "✓ nonce is the value that was sent.")
			require.Zero(t, shown.Find("#id-token .bad").Length(), shown.text("#id-token"))
			require.Contains(t, shown.text("#id-token table"), "subu1")

			ended := b.get("/confidential/sign-out")
			require.Equal(t, "/confidential", ended.URL.Path)
			require.Contains(t, ended.text("main"), "You are signed out of the server.")
			require.Zero(t, ended.Find("#id-token").Length(), "a new run began")
		})
	}
}

func TestWrongIDTokensAreReported(t *testing.T) {
	cases := map[string]struct {
		change  func(header, claims map[string]any)
		problem string
	}{
		"another issuer":               {func(_, c map[string]any) { c["iss"] = "https://evil.example.com" }, "✗ iss is not"},
		"another client":               {func(_, c map[string]any) { c["aud"] = "another" }, "✗ aud is not"},
		"several audiences":            {func(_, c map[string]any) { c["aud"] = []string{confidentialID, "another"} }, "✗ aud is not"},
		"expired":                      {func(_, c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() }, "✗ exp is in the past"},
		"without exp":                  {func(_, c map[string]any) { delete(c, "exp") }, "✗ exp is in the past"},
		"another nonce":                {func(_, c map[string]any) { c["nonce"] = "another" }, "✗ nonce is not"},
		"without a user":               {func(_, c map[string]any) { delete(c, "sub") }, "✗ sub is missing"},
		"another access token":         {func(_, c map[string]any) { c["at_hash"] = "another" }, "✗ at_hash does not"},
		"no algorithm":                 {func(h, _ map[string]any) { h["alg"] = "none" }, "✗ The signature was not verified"},
		"a key of HMAC":                {func(h, _ map[string]any) { h["alg"] = "HS256" }, "✗ The signature was not verified"},
		"the key of another algorithm": {func(h, _ map[string]any) { h["kid"] = "ES256" }, "✗ The signature was not verified"},
		"an unknown key":               {func(h, _ map[string]any) { h["kid"] = "unknown" }, "✗ The signature was not verified: the key set does not have its key"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b, p := startOpenID(t, "RS256")
			p.change = c.change
			require.Contains(t, b.signIn("confidential").text("#id-token"), c.problem)
		})
	}
}

func TestAnotherSiteCannotSignOut(t *testing.T) {
	b, _ := startOpenID(t, "ES256")
	b.signIn("confidential")
	r, err := http.NewRequest(http.MethodGet, b.base+"/confidential/sign-out", nil)
	require.NoError(t, err)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	response, err := b.client.Do(r)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusNotFound, response.StatusCode)
	kept := b.get("/confidential/signed-out?state=wrong")
	require.Equal(t, 1, kept.Find("#id-token").Length(), "the state of the run did not return")
}
