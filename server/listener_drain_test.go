package server_test

import (
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// backlogListener is a listener with connections that have arrived and are not
// accepted, because the machine is busy until a point in time.
type backlogListener struct {
	memoryListener
	busyUntil time.Time

	mu       sync.Mutex
	deadline time.Time
}

func newBacklogListener(busy time.Duration) *backlogListener {
	l := newMemoryListener()
	l.incoming = make(chan net.Conn, 8)
	return &backlogListener{memoryListener: l, busyUntil: time.Now().Add(busy)}
}

func (l *backlogListener) SetDeadline(at time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deadline = at
	return nil
}

func (l *backlogListener) Accept() (net.Conn, error) {
	time.Sleep(time.Until(l.busyUntil)) //nolint:forbidigo // faked time
	for {
		select {
		case <-l.closed:
			return nil, net.ErrClosed
		case conn := <-l.incoming:
			return conn, nil
		case <-time.After(100 * time.Microsecond):
			l.mu.Lock()
			late := !l.deadline.IsZero() && !time.Now().Before(l.deadline)
			l.mu.Unlock()
			if late {
				return nil, os.ErrDeadlineExceeded
			}
		}
	}
}

func TestStopAcceptsArrivedConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newBacklogListener(20 * time.Millisecond)
		stop, stopped := start(l, http.NotFoundHandler())
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

func TestStopLimitsTheWaitForArrivedConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newBacklogListener(time.Hour)
		stop, stopped := start(l, http.NotFoundHandler())
		start := time.Now()
		stop()
		<-l.closed
		require.Less(t, time.Since(start), time.Second)
		require.NoError(t, <-stopped)
	})
}
