package egress_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"gatehouse/egress"
)

func loopback() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

func form() url.Values { return url.Values{"logout_token": {"a token &="}} }

// target starts a server that counts its requests.
func target(t *testing.T, handler http.HandlerFunc) (address string, requests *atomic.Int64) {
	t.Helper()
	requests = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		_ = r.ParseForm() // a handler that waits sees that the client has gone only if the body was read
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

func TestFormIsPosted(t *testing.T) {
	address, requests := target(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.PostFormValue("logout_token") != "a token &=" || r.URL.RawQuery != "tenant=1" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	status, err := new(egress.Client).PostForm(t.Context(), address+"/out?tenant=1", form(), loopback())
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, status)
	require.EqualValues(t, 1, requests.Load())
}

// Attack: reach the operator's own services through an address that an app registered.
func TestPrivateAddressesGetNoRequest(t *testing.T) {
	address, requests := target(t, func(http.ResponseWriter, *http.Request) {})
	_, port, err := net.SplitHostPort(strings.TrimPrefix(address, "http://"))
	require.NoError(t, err)
	client := &egress.Client{Resolver: nameServer(t, [4]byte{127, 0, 0, 1})}
	for _, host := range []string{"127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::]", "127.1", "2130706433", "0x7f000001", "017700000001"} {
		for _, scheme := range []string{"http", "https"} {
			_, err := client.PostForm(t.Context(), scheme+"://"+host+":"+port+"/", form(), nil)
			require.Error(t, err, "%s %s", scheme, host)
		}
	}
	other := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	_, err = new(egress.Client).PostForm(t.Context(), address, form(), other)
	require.ErrorIs(t, err, egress.ErrForbidden)
	require.Zero(t, requests.Load())
}

func TestOtherURLsAreRefused(t *testing.T) {
	for _, address := range []string{"", "file:///etc/passwd", "ftp://127.0.0.1/", "//127.0.0.1/", "http://user:secret@127.0.0.1/", "https:///x", "http://[::1", "gopher://127.0.0.1/"} {
		_, err := new(egress.Client).PostForm(t.Context(), address, form(), loopback())
		require.Error(t, err, address)
		require.NotContains(t, err.Error(), "secret")
	}
}

// Attack: a public address that redirects to a private one.
func TestRedirectsAreNotFollowed(t *testing.T) {
	inner, reached := target(t, func(http.ResponseWriter, *http.Request) {})
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		address, _ := target(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inner, status) })
		got, err := new(egress.Client).PostForm(t.Context(), address, form(), loopback())
		require.NoError(t, err)
		require.Equal(t, status, got)
	}
	require.Zero(t, reached.Load())
}

// Attack: a name of the attacker that resolves to a private address, at once or the second
// time (DNS rebinding).
func TestNamesThatResolveToPrivateAddressesGetNoRequest(t *testing.T) {
	address, requests := target(t, func(http.ResponseWriter, *http.Request) {})
	_, port, err := net.SplitHostPort(strings.TrimPrefix(address, "http://"))
	require.NoError(t, err)
	client := &egress.Client{Resolver: nameServer(t, [4]byte{127, 0, 0, 1})}
	_, err = client.PostForm(t.Context(), "https://app.example.com:"+port+"/out", form(), nil)
	require.ErrorIs(t, err, egress.ErrForbidden)
	require.Zero(t, requests.Load())

	_, err = client.PostForm(t.Context(), "http://app.example.com:"+port+"/out", form(), loopback())
	require.NoError(t, err, "the operator allows the network")
	require.EqualValues(t, 1, requests.Load())
}

// nameServer returns a resolver that answers every question with one address.
func nameServer(t *testing.T, address [4]byte) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(buffer)
			if err != nil {
				return // closed
			}
			var question dnsmessage.Message
			if question.Unpack(buffer[:n]) != nil || len(question.Questions) == 0 {
				continue
			}
			question.Response, question.Additionals = true, nil
			if q := question.Questions[0]; q.Type == dnsmessage.TypeA {
				question.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
					Body:   &dnsmessage.AResource{A: address},
				}}
			}
			if answer, err := question.Pack(); err == nil {
				_, _ = server.WriteTo(answer, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// Attack: hold a request, or send an answer without an end.
func TestSlowAndEndlessAnswersEnd(t *testing.T) {
	hanging, _ := target(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	_, err := (&egress.Client{Timeout: 50 * time.Millisecond}).PostForm(t.Context(), hanging, form(), loopback())
	require.ErrorIs(t, err, context.DeadlineExceeded)

	endless, _ := target(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	})
	status, err := new(egress.Client).PostForm(t.Context(), endless, form(), loopback())
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)

	bigHeader, _ := target(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Big", strings.Repeat("x", 100_000)) })
	_, err = new(egress.Client).PostForm(t.Context(), bigHeader, form(), loopback())
	require.Error(t, err)
}

func TestCertificatesAreChecked(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	_, err := new(egress.Client).PostForm(t.Context(), server.URL, form(), loopback())
	require.ErrorContains(t, err, "certificate")
}
