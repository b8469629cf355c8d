package doctor_test

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/doctor"
)

// answerAll makes a handler answer every request.
func answerAll(h http.HandlerFunc) func(*site) { return func(s *site) { s.handler = h } }

// connectTo makes every connection lead to a function that has the other end.
func connectTo(serve func(c net.Conn)) func(*site) {
	return func(s *site) {
		s.dial = func(string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				defer func() { _ = server.Close() }()
				serve(server)
			}()
			return client, nil
		}
	}
}

// wait waits for a time, or until the client closes the connection.
func wait(r *http.Request, d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
}

// drain reads what the client sends until it closes the connection.
func drain(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

func hostileServers() []mistake {
	fails := func(err error) func(*site) {
		return func(s *site) { s.dial = func(string) (net.Conn, error) { return nil, err } }
	}
	plainly := func(answer string) func(*site) { // without TLS, on loopback
		return func(s *site) {
			s.issuer = "http://127.0.0.1:1"
			connectTo(func(c net.Conn) {
				go drain(c)
				_, _ = io.WriteString(c, answer)
			})(s)
		}
	}
	return []mistake{
		{"the name does not exist", fails(&net.DNSError{Err: "no such host", Name: "sso.example.com", IsNotFound: true}), []string{"server.name"}},
		{"the connection is refused", fails(&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}), []string{"server.connection"}},
		{"the port speaks no TLS", connectTo(func(c net.Conn) {
			go drain(c)
			_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
		}), []string{"tls.handshake"}},
		{"the handshake is cut off", connectTo(func(c net.Conn) { _, _ = c.Read(make([]byte, 100)) }), []string{"tls.handshake"}},
		{"the handshake never ends", connectTo(drain), []string{"answer.time"}},
		{"the port speaks no HTTP", plainly("SSH-2.0-OpenSSH\x1b[2J\r\n"), []string{"server.connection"}},
		{"the header is endless", plainly("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20)), []string{"server.connection"}},
		{"the server never answers", answerAll(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), []string{"answer.time"}},
		{"the answer never ends", answerAll(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, " "); err != nil || http.NewResponseController(w).Flush() != nil {
					return
				}
				wait(r, time.Second)
			}
		}), []string{"answer.time"}},
		{"the answer has 10 MB", answerAll(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"issuer":"`+strings.Repeat("x", 10<<20)+`"}`)
		}), []string{"answer.size"}},
	}
}

// A server that answers each request just in time cannot keep the doctor for ever.
func TestAllChecksTogetherEndInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite()
		start := time.Now()
		s.edit = func(r *http.Request, _ *reply) { wait(r, 9*time.Second) }
		r := s.examine(t, doctor.Config{Timeout: 30 * time.Second, RequestTimeout: 10 * time.Second})
		require.Equal(t, []string{"answer.time"}, broken(r), "%+v", r.Findings)
		require.Equal(t, 1, r.Summary.Errors)
		require.LessOrEqual(t, time.Since(start), 31*time.Second)
	})
}

// Attack: control the terminal of the operator, or fill it, with the values of a server.
func TestFindingsShowHostileValuesAsShortEscapes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite()
		hostile := "\x1b]0;title\x07\u202e\u200b\r\nFake line " + strings.Repeat("é", 10000)
		for _, m := range []map[string]any{s.metadata, s.openID, s.resource} {
			for name := range m {
				m[name] = hostile
			}
			m["evil"+hostile+"_endpoint"] = hostile
		}
		var keys []any
		for range 300 {
			keys = append(keys, map[string]any{"kid": hostile[:100], "d": hostile[:100]})
		}
		s.keys = map[string]any{"keys": keys}
		s.edit = func(r *http.Request, a *reply) {
			switch r.URL.Path {
			case "/authorize":
				a.status = http.StatusFound
				a.header["Location"] = []string{"https://evil.example.com/\u202e" + strings.Repeat("x", 1000)}
			case "/login":
				a.header["Set-Cookie"] = []string{"a=a-secret-value", strings.Repeat("n", 5000) + "=1"}
			}
		}
		first := s.examine(t, doctor.Config{})
		require.NotEmpty(t, broken(first))
		s.set("authorization_endpoint", issuer+"/authorize")
		s.set("jwks_uri", issuer+"/jwks")
		second := s.examine(t, doctor.Config{})
		require.Subset(t, broken(second), []string{"authorize.redirect", "cookie.secure", "keys.private", "keys.ids"})
		for _, f := range append(first.Findings, second.Findings...) {
			require.Less(t, len(f.Found), 6000, f.ID)
			require.NotContains(t, f.Found, "a-secret-value")
			for _, r := range f.Found {
				require.True(t, strconv.IsPrint(r), "%s has %q", f.ID, r)
			}
		}
	})
}

// Attack: make the doctor send requests into the operator's network.
func TestEndpointsOnPrivateHostsGetNoRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite()
		for name, host := range map[string]string{
			"token_endpoint": "https://127.0.0.1", "authorization_endpoint": "https://10.0.0.1", "userinfo_endpoint": "https://router.lan",
			"registration_endpoint": "https://[::1]", "jwks_uri": "https://169.254.169.254",
		} {
			s.openID[name] = host + "/x"
		}
		s.metadata = map[string]any{"issuer": issuer, "response_types_supported": []string{"code"}}
		r := s.examine(t, doctor.Config{}) // a request to another host would break the rule server.name
		require.Contains(t, broken(r), "endpoint.host")
		require.NotContains(t, broken(r), "server.name")
	})
}

// The doctor sends what `gatehouse doctor --help` says, and no credentials.
func TestDoctorSendsOnlyWhatItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite()
		var lock sync.Mutex
		sent := map[string]bool{}
		s.edit = func(r *http.Request, _ *reply) {
			body, err := io.ReadAll(r.Body)
			lock.Lock()
			defer lock.Unlock()
			sent[r.Method+" "+r.URL.RequestURI()] = true
			if err != nil || r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" || r.URL.RawQuery != "" {
				sent["credentials or parameters"] = true
			}
			if len(body) > 0 && (r.URL.Path != "/register" || json.Valid(body)) {
				sent["a body"] = true
			}
		}
		s.examine(t, doctor.Config{})
		want := map[string]bool{}
		for _, request := range []string{
			"GET /.well-known/oauth-authorization-server", "GET /.well-known/openid-configuration", "GET /.well-known/oauth-protected-resource",
			"GET /", "GET /login", "GET /authorize", "OPTIONS /authorize", "POST /token", "GET /token", "OPTIONS /token", "GET /userinfo", "POST /register", "GET /jwks",
		} {
			want[request] = true
		}
		require.Equal(t, want, sent)
	})
}
