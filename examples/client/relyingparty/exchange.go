package relyingparty

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sort"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

const (
	callTimeout = 10 * time.Second
	maxBody     = 1 << 20  // bytes of a response body that are read
	maxShown    = 32 << 10 // bytes of a response body that the page shows
	userAgent   = "example-client"
)

// field is a header or a parameter.
type field struct{ Name, Value string }

// exchange is a request as it was sent and its response as it was received.
type exchange struct {
	Method, URL   string
	RequestHeader []field // in the order on the wire
	RequestBody   string

	Status         string // "200 OK"; empty if there was no response
	StatusCode     int
	ResponseHeader http.Header
	ResponseBody   string
	Cut            bool // the body is longer than the page shows

	Err error // no response, or a response that can't be parsed
}

// ok reports whether the status is 2xx.
func (e *exchange) ok() bool { return e.StatusCode >= 200 && e.StatusCode <= 299 }

// recorder is an http.RoundTripper that records one call.
type recorder struct {
	next http.RoundTripper

	mu       sync.Mutex // the header callback runs on the transport's goroutine
	exchange exchange
}

func (rec *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	body, err := requestBody(request)
	if err != nil {
		return nil, err
	}
	rec.mu.Lock()
	rec.exchange = exchange{Method: request.Method, URL: request.URL.String(), RequestBody: string(body)}
	rec.mu.Unlock()

	// Record the headers that are written to the wire, because the library can change them.
	sent := request.Clone(httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
		GotConn:          func(httptrace.GotConnInfo) { rec.startHeader() },
		WroteHeaderField: rec.addHeader,
	}))
	sent.Body = io.NopCloser(bytes.NewReader(body))
	if sent.Header.Get("User-Agent") == "" {
		sent.Header.Set("User-Agent", userAgent)
	}
	response, err := rec.next.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	received, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("read response: %w", err)
	}
	response.Body = io.NopCloser(bytes.NewReader(received))

	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.exchange.Status, rec.exchange.StatusCode = response.Status, response.StatusCode
	rec.exchange.ResponseHeader = response.Header.Clone()
	rec.exchange.Cut = len(received) > maxShown
	rec.exchange.ResponseBody = string(received[:min(len(received), maxShown)])
	return response, nil
}

// startHeader deletes the recorded headers, because the transport can repeat a request on
// another connection.
func (rec *recorder) startHeader() {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.exchange.RequestHeader = nil
}

func (rec *recorder) addHeader(name string, values []string) {
	if strings.HasPrefix(name, ":") { // HTTP/2 writes the request line as headers
		return
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	for _, value := range values {
		rec.exchange.RequestHeader = append(rec.exchange.RequestHeader, field{name, value})
	}
}

func (rec *recorder) result(err error) *exchange {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	e := rec.exchange
	e.Err = err
	return &e
}

func requestBody(request *http.Request) ([]byte, error) {
	if request.Body == nil {
		return nil, nil
	}
	defer func() { _ = request.Body.Close() }()
	return io.ReadAll(request.Body)
}

// record makes one call with a client that records it, and returns the recording.
func (h *handler) record(ctx context.Context, call func(context.Context, *http.Client) error) *exchange {
	rec := &recorder{next: h.transport}
	client := &http.Client{
		Transport: rec,
		Timeout:   callTimeout,
		// Do not follow redirects, because they would send the secret to another URL.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	// Do not cancel a token request when the browser closes the connection: the response
	// would be lost, and the code can't be used again.
	err := call(context.WithoutCancel(ctx), client)
	return rec.result(err)
}

// requestToken makes a token request with golang.org/x/oauth2.
func (h *handler) requestToken(ctx context.Context, request func(context.Context) (*oauth2.Token, error)) (*oauth2.Token, *exchange) {
	var token *oauth2.Token
	e := h.record(ctx, func(ctx context.Context, client *http.Client) (err error) {
		token, err = request(context.WithValue(ctx, oauth2.HTTPClient, client))
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) {
			return nil // the page shows the response itself
		}
		return err
	})
	return token, e
}

// requestMe requests the user of the access token (RFC 6750 §2.1).
func (h *handler) requestMe(ctx context.Context, place, accessToken string) *exchange {
	return h.record(ctx, func(ctx context.Context, client *http.Client) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, place, nil)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+accessToken)
		request.Header.Set("Accept", "application/json")
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		return response.Body.Close()
	})
}

// sortedHeader lists headers by name, so that two responses are easy to compare.
func sortedHeader(header http.Header) []field {
	var fields []field
	for name, values := range header {
		for _, value := range values {
			fields = append(fields, field{name, value})
		}
	}
	sort.SliceStable(fields, func(i, j int) bool { return fields[i].Name < fields[j].Name })
	return fields
}
