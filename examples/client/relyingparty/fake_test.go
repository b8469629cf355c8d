package relyingparty_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

const (
	confidentialID     = "confidentialconfidential01"
	confidentialSecret = "s3cret&with=odd%chars+and/more"
	publicID           = "publicpublicpublicpublic02"
)

// fakeServer is an authorization server that consents to every request. It uses only the
// standard library, so that it shares no code with the client that could hide a mistake.
type fakeServer struct {
	*httptest.Server

	// A test sets these fields before the request.
	metadata bool                                              // serve RFC 8414 metadata that promises iss
	answer   func(asked url.Values, answer url.Values)         // changes the parameters of the redirect
	token    func(w http.ResponseWriter, r *http.Request) bool // answers at the token endpoint instead
	me       func(w http.ResponseWriter, r *http.Request) bool // answers at users/me instead

	mu      sync.Mutex
	codes   map[string]*issued // by code
	access  map[string]*issued // by access token
	refresh map[string]*issued // by refresh token
	out     []string           // all issued codes and tokens
	tokens  []url.Values       // the bodies of token requests
	headers []http.Header      // the headers of token requests
}

// issued is one authorization.
type issued struct {
	clientID, redirectURI, challenge, resource string
	used, revoked                              bool
}

func newFakeServer(t *testing.T) *fakeServer {
	t.Helper()
	f := &fakeServer{codes: map[string]*issued{}, access: map[string]*issued{}, refresh: map[string]*issued{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /oauth/authorize", f.authorize)
	mux.HandleFunc("POST /oauth/access_token", f.tokenEndpoint)
	mux.HandleFunc("GET /api/v4/users/me", f.usersMe)
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", f.wellKnown)
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeServer) wellKnown(w http.ResponseWriter, r *http.Request) {
	if !f.metadata {
		http.NotFound(w, r)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer": f.URL, "authorization_endpoint": f.URL + "/oauth/authorize", "token_endpoint": f.URL + "/oauth/access_token",
		"authorization_response_iss_parameter_supported": true,
	})
}

func (f *fakeServer) authorize(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	answer := url.Values{"state": asked["state"], "iss": {f.URL}}
	grant := &issued{clientID: asked.Get("client_id"), redirectURI: asked.Get("redirect_uri"),
		challenge: asked.Get("code_challenge"), resource: asked.Get("resource")}
	implicit := asked.Get("response_type") == "token"
	f.mu.Lock()
	if implicit {
		token := f.issue()
		f.access[token] = grant
		answer["access_token"], answer["token_type"], answer["expires_in"] = []string{token}, []string{"bearer"}, []string{"3600"}
	} else {
		code := f.issue()
		f.codes[code] = grant
		answer.Set("code", code)
	}
	f.mu.Unlock()
	if f.answer != nil {
		f.answer(asked, answer)
	}
	separator := "?"
	if implicit {
		separator = "#"
	}
	http.Redirect(w, r, grant.redirectURI+separator+answer.Encode(), http.StatusFound)
}

func (f *fakeServer) tokenEndpoint(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tokens, f.headers = append(f.tokens, r.PostForm), append(f.headers, r.Header.Clone())
	if f.token != nil && f.token(w, r) {
		return
	}
	id, secret, basic := r.BasicAuth()
	if basic { // RFC 6749 §2.3.1
		id, _ = url.QueryUnescape(id)
		secret, _ = url.QueryUnescape(secret)
	} else {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	public := id == publicID
	if !(id == confidentialID && secret == confidentialSecret) && !(public && secret == "") {
		refuse(w, http.StatusUnauthorized, "invalid_client", "The client is unknown or its secret is wrong.")
		return
	}
	var grant *issued
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		grant = f.codes[r.PostForm.Get("code")]
		sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
		challenge := base64.RawURLEncoding.EncodeToString(sum[:])
		switch {
		case grant == nil || grant.clientID != id || grant.redirectURI != r.PostForm.Get("redirect_uri"):
			refuse(w, http.StatusBadRequest, "invalid_grant", "The code is not valid.")
			return
		case grant.challenge != "" && grant.challenge != challenge:
			refuse(w, http.StatusBadRequest, "invalid_grant", "The code_verifier does not match.")
			return
		case grant.used:
			grant.revoked = true
			refuse(w, http.StatusBadRequest, "invalid_grant", "The code was already used.")
			return
		}
		grant.used = true
	case "refresh_token":
		if public {
			refuse(w, http.StatusBadRequest, "unauthorized_client", "Public clients do not refresh.")
			return
		}
		old := r.PostForm.Get("refresh_token")
		if grant = f.refresh[old]; grant == nil {
			refuse(w, http.StatusBadRequest, "invalid_grant", "The refresh token is not valid.")
			return
		}
		delete(f.refresh, old)
		for token, of := range f.access {
			if of == grant {
				delete(f.access, token)
			}
		}
	default:
		refuse(w, http.StatusBadRequest, "unsupported_grant_type", "")
		return
	}
	answer := map[string]any{"access_token": f.issue(), "token_type": "bearer", "expires_in": 3600, "scope": "user"}
	f.access[answer["access_token"].(string)] = grant
	if !public {
		answer["refresh_token"] = f.issue()
		f.refresh[answer["refresh_token"].(string)] = grant
	}
	writeJSON(w, http.StatusOK, answer)
}

func (f *fakeServer) usersMe(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.me != nil && f.me(w, r) {
		return
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if grant := f.access[token]; grant == nil || grant.revoked {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		writeJSON(w, http.StatusUnauthorized, map[string]any{"id": "api.context.session_expired.app_error", "status_code": 401})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"id": "u1", "username": "ada", "email": "ada@example.com"})
}

// secrets returns all issued codes and tokens, and the client secret.
func (f *fakeServer) secrets() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string{confidentialSecret, url.QueryEscape(confidentialSecret)}, f.out...)
}

// issue returns a new code or token. The caller must hold mu.
func (f *fakeServer) issue() string {
	secret := rand.Text()
	f.out = append(f.out, secret)
	return secret
}

func (f *fakeServer) lastTokenRequest() (url.Values, http.Header) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tokens[len(f.tokens)-1], f.headers[len(f.headers)-1]
}

func (f *fakeServer) tokenRequests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.tokens)
}

func refuse(w http.ResponseWriter, status int, code, description string) {
	writeJSON(w, status, map[string]any{"error": code, "error_description": description})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
