package server_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/server"
)

// backlog is a listener at which clients have connected that nobody has accepted:
// the machine is busy until opens.
type backlog struct {
	pipes
	opens time.Time

	mu       sync.Mutex
	deadline time.Time
}

func newBacklog(opens time.Duration) *backlog {
	return &backlog{pipes: pipes{make(chan net.Conn, 8), make(chan struct{})}, opens: time.Now().Add(opens)}
}

func (b *backlog) SetDeadline(at time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deadline = at
	return nil
}

func (b *backlog) Accept() (net.Conn, error) {
	time.Sleep(time.Until(b.opens)) //nolint:forbidigo // faked time
	for {
		select {
		case <-b.closed:
			return nil, net.ErrClosed
		case conn := <-b.incoming:
			return conn, nil
		case <-time.After(100 * time.Microsecond):
			b.mu.Lock()
			late := !b.deadline.IsZero() && !time.Now().Before(b.deadline)
			b.mu.Unlock()
			if late {
				return nil, os.ErrDeadlineExceeded
			}
		}
	}
}

func TestStoppingLosesNoConnectionThatWasNotAcceptedYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newBacklog(20 * time.Millisecond)
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan error, 1)
		go func() {
			stopped <- server.Run(ctx, slog.New(slog.DiscardHandler), server.Listener{Listener: l, Handler: http.NotFoundHandler()})
		}()
		var clients []connection
		for range 5 {
			clients = append(clients, l.dial())
		}
		stop()
		for _, c := range clients {
			require.True(t, c.post(t))
		}
		require.NoError(t, <-stopped)
	})
}

// However busy the machine is.
func TestStoppingDoesNotWaitForTheDoorForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newBacklog(time.Hour)
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan error, 1)
		go func() {
			stopped <- server.Run(ctx, slog.New(slog.DiscardHandler), server.Listener{Listener: l, Handler: http.NotFoundHandler()})
		}()
		start := time.Now()
		stop()
		<-l.closed
		require.Less(t, time.Since(start), time.Second)
		require.NoError(t, <-stopped)
	})
}
