package server_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/server"
)

// memoryListener is a listener in memory, so that a test can fake the time.
type memoryListener struct {
	incoming chan net.Conn
	closed   chan struct{}
}

func newMemoryListener() memoryListener {
	return memoryListener{make(chan net.Conn), make(chan struct{})}
}

func (l memoryListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.incoming:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
func (l memoryListener) Close() error   { close(l.closed); return nil }
func (l memoryListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// connection is a client that keeps its connection open.
type connection struct {
	net.Conn
	answers *bufio.Reader
}

func (l memoryListener) dial() connection {
	client, served := net.Pipe()
	l.incoming <- served
	return connection{client, bufio.NewReader(client)}
}

// post sends a request, which must be answered, and reports whether the answer asks to
// close the connection.
func (c connection) post(t *testing.T) (askedToClose bool) {
	t.Helper()
	c.send(t, "/")
	return c.receive(t)
}

func (c connection) send(t *testing.T, path string) {
	t.Helper()
	_, err := io.WriteString(c, "POST "+path+" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
	require.NoError(t, err)
}

func (c connection) receive(t *testing.T) (askedToClose bool) {
	t.Helper()
	res, err := http.ReadResponse(c.answers, nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.Close
}

// start runs a server until stop is called.
func start(l net.Listener, h http.Handler) (stop func(), stopped chan error) {
	ctx, stop := context.WithCancel(context.Background())
	stopped = make(chan error, 1)
	go func() {
		stopped <- server.Run(ctx, slog.New(slog.DiscardHandler), nil, server.Listener{Listener: l, Handler: h})
	}()
	return stop, stopped
}

func TestStopAnswersRequestsOnIdleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryListener()
		stop, stopped := start(l, http.NotFoundHandler())
		kept := l.dial()
		require.False(t, kept.post(t))
		start := time.Now()
		stop()
		synctest.Wait()

		require.True(t, kept.post(t), "the answer asks to close the connection")
		_, err := kept.answers.ReadByte()
		require.ErrorIs(t, err, io.EOF)
		require.True(t, l.dial().post(t), "a new connection, of a client that does not know of the stop yet")
		require.NoError(t, <-stopped)
		require.Less(t, time.Since(start), server.IdleDrainTimeout, "it does not wait once all connections are closed")
	})
}

// The answer to a request that began before the stop does not ask to close the
// connection, so the client may send another request on it.
func TestStopCountsIdleTimeFromTheLastAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slow = server.IdleDrainTimeout * 9 / 10
		l := newMemoryListener()
		stop, stopped := start(l, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				time.Sleep(slow) //nolint:forbidigo // faked time
			}
		}))
		kept := l.dial()
		kept.send(t, "/slow")
		synctest.Wait()
		stop()
		require.False(t, kept.receive(t))
		time.Sleep(slow) //nolint:forbidigo // faked time
		require.True(t, kept.post(t), "the answer asks to close the connection")
		require.NoError(t, <-stopped)
	})
}

// Requests that end one after the other keep the listener open for half of
// DrainTimeout, and the last request has the other half.
func TestStopLeavesHalfOfTheTimeForTheLastRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryListener()
		stop, stopped := start(l, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if work, err := time.ParseDuration(r.URL.Path[1:]); err == nil {
				time.Sleep(work) //nolint:forbidigo // faked time
			}
		}))
		answers := make(chan error, 10)
		ask := func(path string) {
			c := l.dial()
			c.send(t, path)
			go func() {
				res, err := http.ReadResponse(c.answers, nil)
				if err == nil {
					err = res.Body.Close()
				}
				answers <- err
			}()
		}
		for i := range 9 {
			ask("/" + (time.Duration(i+1) * server.IdleDrainTimeout * 9 / 10).String())
		}
		synctest.Wait()
		start := time.Now()
		stop()
		time.Sleep(server.DrainTimeout/2 - 50*time.Millisecond) //nolint:forbidigo // faked time
		ask("/4s")
		<-l.closed
		require.Less(t, time.Since(start), server.DrainTimeout/2+50*time.Millisecond)
		require.NoError(t, <-stopped)
		for range cap(answers) {
			require.NoError(t, <-answers)
		}
		require.Less(t, time.Since(start), server.DrainTimeout)
	})
}

// http.Server.Shutdown drops a request that it reads from a new connection afterwards.
func TestStopWaitsForTheFirstRequestOfANewConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryListener()
		stop, stopped := start(l, http.NotFoundHandler())
		idle := l.dial()
		require.False(t, idle.post(t))
		stop()
		time.Sleep(server.IdleDrainTimeout * 9 / 10) //nolint:forbidigo // faked time
		late := l.dial()
		time.Sleep(server.IdleDrainTimeout * 3 / 10) //nolint:forbidigo // faked time
		require.True(t, late.post(t))
		require.NoError(t, <-stopped)
	})
}

func TestStopClosesIdleConnectionsAfterTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryListener()
		stop, stopped := start(l, http.NotFoundHandler())
		kept := l.dial()
		kept.post(t)
		start := time.Now()
		stop()
		require.NoError(t, <-stopped)
		require.Equal(t, server.IdleDrainTimeout, time.Since(start).Truncate(100*time.Millisecond))
		_, err := kept.answers.ReadByte()
		require.ErrorIs(t, err, io.EOF)
	})
}

func TestStopIsImmediateWithoutConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop, stopped := start(newMemoryListener(), http.NotFoundHandler())
		start := time.Now()
		stop()
		require.NoError(t, <-stopped)
		require.Zero(t, time.Since(start))
	})
}
