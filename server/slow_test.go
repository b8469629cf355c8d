package server_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/server"
)

// Attack: slowloris. Who sends their request drop by drop, or says nothing, is
// hung up on in time, and reads the answer in time or not at all.
func TestSlowClientsAreHungUpOn(t *testing.T) {
	const head = "POST /read HTTP/1.1\r\nHost: a\r\n"
	cases := map[string]struct {
		first string        // sent at once
		drip  string        // then every second, until hung up on
		limit time.Duration // by when it must be over
	}{
		"silence":               {"", "", 6 * time.Second},
		"headers, drop by drop": {head, "X-A: b\r\n", 7 * time.Second},
		"half a request line":   {"GET /", "a", 7 * time.Second},
		"a body, drop by drop":  {head + "Content-Length: 1000\r\n\r\n", "a", 17 * time.Second},
		"chunks, drop by drop":  {head + "Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n", 17 * time.Second},
		"silence afterwards":    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "", 125 * time.Second},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newPipe()
				var wg sync.WaitGroup
				ctx, stop := context.WithCancel(t.Context())
				wg.Go(func() {
					mux := http.NewServeMux()
					mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
						_, _ = io.Copy(io.Discard, r.Body)
					})
					_ = server.Run(ctx, slog.New(slog.DiscardHandler), server.Listener{Listener: l, Handler: mux})
				})
				c := l.dial()
				start := time.Now()
				hungUp := make(chan struct{})
				wg.Go(func() {
					_, _ = io.Copy(io.Discard, c)
					close(hungUp)
				})
				wg.Go(func() {
					for out := tc.first; ; out = tc.drip {
						if _, err := io.Copy(c, strings.NewReader(out)); err != nil {
							return
						}
						select {
						case <-hungUp:
							return
						case <-time.After(time.Second):
						}
					}
				})
				<-hungUp
				require.LessOrEqual(t, time.Since(start), tc.limit)
				_ = c.Close()
				stop()
				wg.Wait()
			})
		})
	}
}

// pipe is a listener whose connections are in memory, so that time can be the test's.
type pipe struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipe() *pipe { return &pipe{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipe) dial() net.Conn {
	client, srv := net.Pipe()
	p.conns <- srv
	return client
}

func (p *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, errors.New("closed")
	}
}

func (p *pipe) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipe) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
