package doctor_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/doctor"
)

const issuer = "https://sso.example.com"

// reply is an answer of a site before it is sent.
type reply struct {
	status int
	header http.Header
	body   string
}

// site is a server without mistakes. Its connections are pipes, so that it needs no port
// and its time is that of the test.
type site struct {
	issuer           string
	metadata, openID map[string]any
	keys             any
	resource         map[string]any
	edit             func(r *http.Request, a *reply) // changes a reply; may be nil
	handler          http.Handler                    // answers in place of the site; may be nil
	plainHTTP        http.HandlerFunc                // port 80; nil refuses connections
	certificate      *x509.Certificate               // a template
	untrusted        bool
	dial             func(address string) (net.Conn, error) // in place of the connections; may be nil
}

func newSite() *site {
	s := &site{issuer: issuer, plainHTTP: func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://sso.example.com"+r.URL.Path, http.StatusMovedPermanently)
	}}
	s.metadata = map[string]any{
		"issuer": issuer, "authorization_endpoint": issuer + "/authorize", "token_endpoint": issuer + "/token",
		"registration_endpoint": issuer + "/register", "response_types_supported": []string{"code"},
		"grant_types_supported": []string{"authorization_code", "refresh_token"}, "code_challenge_methods_supported": []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
	}
	s.openID = map[string]any{
		"userinfo_endpoint": issuer + "/userinfo", "jwks_uri": issuer + "/jwks", "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"}, "backchannel_logout_supported": true, "an_extension_supported": map[string]any{"of": "any type"},
	}
	for name, value := range s.metadata {
		s.openID[name] = value
	}
	s.keys = map[string]any{"keys": []any{rsaKey("1"), map[string]any{"kty": "EC", "kid": "2", "alg": "ES256", "crv": "P-256", "x": "x", "y": "y"}}}
	s.resource = map[string]any{"resource": issuer, "authorization_servers": []string{issuer}}
	now := time.Now()
	s.certificate = &x509.Certificate{DNSNames: []string{"sso.example.com"}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 3, 0)}
	return s
}

func rsaKey(id string) map[string]any {
	n := make([]byte, 0, 342)
	for range 342 { // 342 characters of base64url are 256 bytes
		n = append(n, 'w')
	}
	return map[string]any{"kty": "RSA", "kid": id, "alg": "RS256", "use": "sig", "n": string(n), "e": "AQAB"}
}

// set changes a member of both documents.
func (s *site) set(name string, value any) {
	for _, m := range []map[string]any{s.metadata, s.openID} {
		m[name] = value
	}
}

// ServeHTTP answers without a mistake, unless edit makes one.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := s.answer(r)
	a.header.Set("Strict-Transport-Security", "max-age=63072000")
	if s.edit != nil {
		s.edit(r, &a)
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

func (s *site) answer(r *http.Request) reply {
	document := func(v any, cache string) reply {
		text, _ := json.Marshal(v)
		return reply{http.StatusOK, http.Header{"Content-Type": {"application/json"}, "Access-Control-Allow-Origin": {"*"}, "Cache-Control": {cache}}, string(text)}
	}
	page := func(status int) reply {
		return reply{status, http.Header{"Content-Type": {"text/html; charset=utf-8"}, "X-Frame-Options": {"DENY"}}, "<!DOCTYPE html><title>A page</title>"}
	}
	refused := func(status int) reply {
		a := document(map[string]any{"error": "invalid_request"}, "no-store")
		a.status = status
		return a
	}
	switch r.URL.Path {
	case "/.well-known/oauth-authorization-server":
		return document(s.metadata, "public, max-age=60")
	case "/.well-known/openid-configuration":
		return document(s.openID, "public, max-age=60")
	case "/.well-known/oauth-protected-resource":
		return document(s.resource, "public, max-age=60")
	case "/jwks":
		return document(s.keys, "public, max-age=900")
	case "/authorize":
		if r.Method == http.MethodOptions {
			return page(http.StatusMethodNotAllowed)
		}
		return page(http.StatusBadRequest)
	case "/token":
		switch r.Method {
		case http.MethodOptions:
			return reply{status: http.StatusNoContent, header: http.Header{"Access-Control-Allow-Origin": {"*"}, "Access-Control-Allow-Methods": {"POST"}, "Access-Control-Allow-Headers": {"Authorization, Content-Type"}}}
		case http.MethodPost:
			return refused(http.StatusBadRequest)
		}
		return refused(http.StatusMethodNotAllowed)
	case "/userinfo":
		a := refused(http.StatusUnauthorized)
		a.header.Set("WWW-Authenticate", `Bearer realm="sso"`)
		return a
	case "/register":
		return refused(http.StatusBadRequest)
	case "", "/":
		a := page(http.StatusSeeOther)
		a.header.Set("Location", "/login")
		return a
	case "/login":
		a := page(http.StatusOK)
		a.header.Set("Set-Cookie", "session=a-secret-value; Path=/; Secure; HttpOnly; SameSite=Lax")
		return a
	}
	return page(http.StatusNotFound)
}

// asHTTP moves the site to an http URL.
func (s *site) asHTTP(at string) {
	s.issuer, s.plainHTTP = at, s.ServeHTTP
	for _, m := range []map[string]any{s.metadata, s.openID, s.resource} {
		toIssuer(m, at)
	}
	s.resource["authorization_servers"] = []string{at}
}

// examine runs the doctor against the site, in the time of a bubble.
func (s *site) examine(t *testing.T, c doctor.Config) doctor.Report {
	t.Helper()
	target, err := url.Parse(s.issuer)
	require.NoError(t, err)
	authority, certificate := s.certificates(t)
	c.Roots = x509.NewCertPool()
	if !s.untrusted {
		c.Roots.AddCert(authority)
	}
	var handler http.Handler = s
	if s.handler != nil {
		handler = s.handler
	}
	secure := newPipe()
	encrypted := serve(t, tls.NewListener(secure, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}), handler)
	plain := newPipe()
	unencrypted := serve(t, plain, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.plainHTTP(w, r) }))
	defer func() {
		require.NoError(t, encrypted.Close())
		require.NoError(t, unencrypted.Close())
	}()
	c.Dial = func(ctx context.Context, _, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		require.NoError(t, err)
		switch {
		case s.dial != nil:
			return s.dial(address)
		case host != target.Hostname():
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		case port == "443":
			return secure.dial(ctx)
		case port == "80" && s.plainHTTP != nil:
			return plain.dial(ctx)
		}
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: net.ErrClosed}
	}
	return doctor.Run(t.Context(), c, target)
}

func (s *site) certificates(t *testing.T) (authority *x509.Certificate, certificate tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	now := time.Now()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "An authority"}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	require.NoError(t, err)
	authority, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	leaf := *s.certificate
	leaf.SerialNumber = big.NewInt(2)
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err = x509.CreateCertificate(rand.Reader, &leaf, authority, key.Public(), key)
	require.NoError(t, err)
	return authority, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// serve serves a listener.
func serve(t *testing.T, l net.Listener, h http.Handler) *http.Server {
	t.Helper()
	s := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = s.Serve(l) }()
	return s
}

// pipe is a listener whose connections are pipes.
type pipe struct {
	connections chan net.Conn
	closed      chan struct{}
	close       sync.Once
}

func newPipe() *pipe { return &pipe{connections: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipe) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.connections <- server:
		return client, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept returns the next connection.
func (p *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.connections:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (p *pipe) Close() error {
	p.close.Do(func() { close(p.closed) })
	return nil
}

// Addr returns an address that names no network.
func (p *pipe) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }
