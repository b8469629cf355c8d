package doctor

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

const (
	// maxBody is how much of an answer is read, in bytes. Metadata and key sets have a few
	// kilobytes.
	maxBody = 1 << 20
	// maxHeader limits the header of an answer, in bytes.
	maxHeader = 64 << 10
	userAgent = "gatehouse-doctor"
)

// client sends requests without credentials. It follows no redirect, keeps no cookie, and
// accepts every certificate: connection.go judges the certificate, and no request
// contains a secret.
type client struct {
	http    *http.Client
	timeout time.Duration // for one request with its answer
}

// answer is the answer to a request.
type answer struct {
	url    string
	status int
	header http.Header
	body   []byte
	tls    *tls.ConnectionState // nil without TLS
	at     time.Time            // when the header arrived
}

// failure says why there is no answer.
type failure struct {
	rule  string // the id of the rule that is broken
	found string // a sentence
}

// handshakeError is an error of a TLS handshake.
type handshakeError struct{ error }

func (e handshakeError) Unwrap() error { return e.error }

func newClient(c Config) *client {
	secure := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // an untrusted certificate is a finding, and the probes go on
	}
	transport := &http.Transport{
		Proxy: c.Proxy, DialContext: c.Dial, TLSClientConfig: secure,
		DisableCompression: true, MaxResponseHeaderBytes: maxHeader, ForceAttemptHTTP2: false,
	}
	transport.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := c.Dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		own := secure.Clone()
		own.ServerName, _, _ = net.SplitHostPort(address) // an address of the transport has a port
		secured := tls.Client(conn, own)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(handshakeError{err}, conn.Close())
		}
		return secured, nil
	}
	return &client{timeout: c.RequestTimeout, http: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// close closes the connections that are open but not used.
func (c *client) close() { c.http.CloseIdleConnections() }

// send sends a request and reads the answer. The header may be nil.
func (c *client) send(ctx context.Context, method, url string, header http.Header, body string) (answer, *failure) {
	all := ctx
	ctx, cancel := context.WithTimeout(all, c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return answer{}, &failure{endpointURL, fmt.Sprintf("The URL %s cannot be requested.", quote(url))}
	}
	for name, values := range header {
		request.Header[name] = values
	}
	request.Header.Set("User-Agent", userAgent)
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, explain(all, ctx, url, c.timeout, err)
	}
	defer func() { _ = response.Body.Close() }() // the answer was read, or its rest does not matter
	a := answer{url: url, status: response.StatusCode, header: response.Header, tls: response.TLS, at: time.Now()}
	var read bytes.Buffer
	n, err := io.Copy(&read, io.LimitReader(response.Body, maxBody+1))
	switch {
	case n > maxBody:
		return a, &failure{answerSize, fmt.Sprintf("The answer of %s is larger than %d kB.", quote(url), maxBody>>10)}
	case err == nil && ctx.Err() != nil: // The server ended the answer when it saw that the client closes the connection.
		err = ctx.Err()
		fallthrough
	case err != nil:
		return a, explain(all, ctx, url, c.timeout, err)
	}
	a.body = read.Bytes()
	return a, nil
}

// get is send for GET.
func (c *client) get(ctx context.Context, url string, header http.Header) (answer, *failure) {
	return c.send(ctx, http.MethodGet, url, header, "")
}

// explain says why a request failed. all is the context of all checks, and ctx that of the
// request.
func explain(all, ctx context.Context, url string, timeout time.Duration, err error) *failure {
	var (
		name      *net.DNSError
		handshake handshakeError
		op        *net.OpError
	)
	late := ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded)
	switch {
	case all.Err() != nil:
		return &failure{answerTime, fmt.Sprintf("The time for all checks ended before %s had answered, so the other checks were not made.", quote(url))}
	case errors.As(err, &name):
		return &failure{serverName, fmt.Sprintf("The name %s cannot be resolved: %s.", quote(name.Name), plain(name.Err))}
	case errors.As(err, &op) && op.Op == "dial":
		return &failure{serverConnection, fmt.Sprintf("There is no connection to %s: %s.", quote(url), plain(op.Err.Error()))}
	case late:
		return &failure{answerTime, fmt.Sprintf("The answer of %s did not end within %s.", quote(url), timeout)}
	case errors.As(err, &handshake):
		return &failure{tlsHandshake, fmt.Sprintf("The TLS handshake with %s failed: %s.", quote(url), plain(handshake.Error()))}
	}
	return &failure{serverConnection, fmt.Sprintf("The answer of %s is not a whole HTTP answer: %s.", quote(url), plain(err.Error()))}
}

// isRedirect reports whether the answer sends the client to another URL.
func (a answer) isRedirect() bool {
	return a.status >= 300 && a.status <= 399 && a.status != http.StatusNotModified
}

// isHTML reports whether the answer is a web page.
func (a answer) isHTML() bool {
	start := bytes.ToLower(bytes.TrimSpace(a.body[:min(len(a.body), 512)]))
	return mediaType(a.header) == "text/html" || bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}
