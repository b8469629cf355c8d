package server_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A proxy whose connections are closed opens a new one for each request and repeats no
// POST, so every connection that is not refused must be answered.
func TestStopAnswersEveryAcceptedConnection(t *testing.T) {
	for range 5 {
		l := listen(t)
		stop, stopped := start(l, http.NotFoundHandler())
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
