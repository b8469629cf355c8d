package server_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/server"
)

// A proxy that was told to let go of its connections makes a new one for each
// request. It sends nothing again: who has got through must be answered.
func TestStoppingAnswersEverybodyWhoGotThrough(t *testing.T) {
	for range 5 {
		l := listen(t)
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan error, 1)
		go func() {
			stopped <- server.Run(ctx, slog.New(slog.DiscardHandler), server.Listener{Listener: l, Handler: http.NotFoundHandler()})
		}()
		var clients sync.WaitGroup
		lost, served := make(chan error, 1<<16), make(chan struct{}, 1<<16)
		for range 16 {
			clients.Go(func() {
				for {
					conn, err := net.Dial("tcp", l.Addr().String()) //nolint:noctx // until it is refused
					if err != nil {
						return
					}
					if err := postOnce(conn); err != nil {
						lost <- err
					}
					served <- struct{}{}
				}
			})
		}
		for range 100 {
			<-served
		}
		stop()
		require.NoError(t, <-stopped)
		clients.Wait()
		close(lost)
		require.NoError(t, <-lost)
	}
}

func postOnce(conn net.Conn) error {
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"); err != nil {
		return err
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	return res.Body.Close()
}
