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

// pipes is a listener in memory, so that time can be faked.
type pipes struct {
	incoming chan net.Conn
	closed   chan struct{}
}

func newPipes() pipes { return pipes{make(chan net.Conn), make(chan struct{})} }

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.incoming:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// connection is a client that keeps its connection open.
type connection struct {
	net.Conn
	answers *bufio.Reader
}

func (p pipes) dial() connection {
	client, served := net.Pipe()
	p.incoming <- served
	return connection{client, bufio.NewReader(client)}
}

// post sends a request, which must be answered, and reports whether the answer
// asks to let go of the connection.
func (c connection) post(t *testing.T) (leave bool) {
	t.Helper()
	c.send(t, "/")
	return c.receive(t)
}

func (c connection) send(t *testing.T, path string) {
	t.Helper()
	_, err := io.WriteString(c, "POST "+path+" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
	require.NoError(t, err)
}

func (c connection) receive(t *testing.T) (leave bool) {
	t.Helper()
	res, err := http.ReadResponse(c.answers, nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.Close
}

// running is a server that was told to stop, or will be.
func running() (l pipes, stop func(), stopped chan error) {
	return runningWith(http.NotFoundHandler())
}

func runningWith(h http.Handler) (l pipes, stop func(), stopped chan error) {
	l = newPipes()
	ctx, stop := context.WithCancel(context.Background())
	stopped = make(chan error, 1)
	go func() {
		stopped <- server.Run(ctx, slog.New(slog.DiscardHandler), server.Listener{Listener: l, Handler: h})
	}()
	return l, stop, stopped
}

func TestStoppingLosesNoRequestOnAConnectionThatWasKeptOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stop, stopped := running()
		kept := l.dial()
		require.False(t, kept.post(t))
		start := time.Now()
		stop()
		synctest.Wait()

		require.True(t, kept.post(t), "and is told to let go")
		_, err := kept.answers.ReadByte()
		require.ErrorIs(t, err, io.EOF)
		require.True(t, l.dial().post(t), "nor one on a new connection, of a client that does not know yet")
		require.NoError(t, <-stopped)
		require.Less(t, time.Since(start), server.LeaveTimeout, "it does not wait when all have gone")
	})
}

// What is under way when the stop begins is not announced any more, and leaves its
// connection open to the client.
func TestStoppingCountsFromTheLastAnswerOnAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slow = server.LeaveTimeout * 9 / 10
		l, stop, stopped := runningWith(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
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
		require.True(t, kept.post(t), "and is told to let go")
		require.NoError(t, <-stopped)
	})
}

// Requests that end one after the other keep the door open, but not until the end.
func TestStoppingHasTimeLeftForWhoComesLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stop, stopped := runningWith(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
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
			ask("/" + (time.Duration(i+1) * server.LeaveTimeout * 9 / 10).String())
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

func TestStoppingWaitsForSilentConnectionsOnlySoLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stop, stopped := running()
		kept := l.dial()
		kept.post(t)
		start := time.Now()
		stop()
		require.NoError(t, <-stopped)
		require.Equal(t, server.LeaveTimeout, time.Since(start).Truncate(100*time.Millisecond))
		_, err := kept.answers.ReadByte()
		require.ErrorIs(t, err, io.EOF)
	})
}

func TestStoppingIsAtOnceWithNobodyConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, stop, stopped := running()
		start := time.Now()
		stop()
		require.NoError(t, <-stopped)
		require.Zero(t, time.Since(start))
	})
}
