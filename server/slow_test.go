package server_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Attack: slowloris. The server closes the connection of a client that sends a request
// slowly or not at all.
func TestSlowClientsAreDisconnected(t *testing.T) {
	const head = "POST /read HTTP/1.1\r\nHost: a\r\n"
	cases := map[string]struct {
		first string        // sent at once
		next  string        // then sent every second, until the connection is closed
		limit time.Duration // when it must be closed
	}{
		"no request":              {"", "", 6 * time.Second},
		"slow header":             {head, "X-A: b\r\n", 7 * time.Second},
		"slow request line":       {"GET /", "a", 7 * time.Second},
		"slow body":               {head + "Content-Length: 1000\r\n\r\n", "a", 17 * time.Second},
		"slow chunks":             {head + "Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n", 17 * time.Second},
		"idle after the response": {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "", 125 * time.Second},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newMemoryListener()
				stop, stopped := start(l, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
				}))
				c := l.dial()
				start := time.Now()
				var wg sync.WaitGroup
				closed := make(chan struct{})
				wg.Go(func() {
					_, _ = io.Copy(io.Discard, c)
					close(closed)
				})
				wg.Go(func() {
					for out := tc.first; ; out = tc.next {
						if _, err := io.Copy(c, strings.NewReader(out)); err != nil {
							return
						}
						select {
						case <-closed:
							return
						case <-time.After(time.Second):
						}
					}
				})
				<-closed
				require.LessOrEqual(t, time.Since(start), tc.limit)
				_ = c.Close()
				stop()
				require.NoError(t, <-stopped)
				wg.Wait()
			})
		})
	}
}
