package e2e_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testdb"
)

func TestRequestsInProgressFinishAfterSIGTERM(t *testing.T) {
	p := serve(t, withAdmin(testdb.SQLite(t))...)

	// The client has sent the header of a request, but not the body.
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.listen[0])
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	const body = "grant_type=authorization_code&code=x"
	_, err = io.WriteString(conn, "POST /oauth/access_token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\nContent-Length: 36\r\n\r\n")
	require.NoError(t, err)
	answer := bufio.NewReader(conn)
	line, err := answer.ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "100 Continue", "the handler waits for the body")
	_, err = answer.ReadString('\n')
	require.NoError(t, err)

	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool {
		late, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.listen[0])
		if err == nil {
			_ = late.Close()
		}
		return err != nil
	}, waitTimeout, time.Millisecond, "new connections are refused")
	select {
	case <-p.exited:
		t.Fatal("the gateway did not wait for the request", p.log)
	default:
	}
	_, err = io.WriteString(conn, body)
	require.NoError(t, err)
	res, err := http.ReadResponse(answer, nil)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	require.Equal(t, http.StatusBadRequest, res.StatusCode)
	responseBody, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Contains(t, string(responseBody), `"error"`)
	require.Zero(t, p.await(t))
	require.Contains(t, p.log.String(), "gatehouse has stopped")
	require.NotContains(t, p.log.String(), `"level":"ERROR"`)
}

func TestSecondSignalEndsTheProcessImmediately(t *testing.T) {
	p := serve(t, withAdmin(testdb.SQLite(t))...)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.listen[0])
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, "POST /oauth/access_token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\nContent-Length: 36\r\n\r\n")
	require.NoError(t, err)
	_, err = bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)

	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // Two signals that arrive together count as one, so it is sent until the process ends.
		select {
		case <-p.exited:
			return true
		default:
			return false
		}
	}, waitTimeout, 10*time.Millisecond)
	require.Equal(t, -1, p.status, "the signal ended it, not the drain timeout")
}

// In HTTP/2, GOAWAY (RFC 9113 §6.8) replaces the Connection header. net/http sends it when
// a handler sets that header.
func TestStopLosesNoRequestOnAnOpenHTTP2Connection(t *testing.T) {
	certFile, keyFile, pool := certificate(t)
	p := serve(t, append(withAdmin(testdb.SQLite(t)), "GATEHOUSE_SITE_URL=https://localhost", "GATEHOUSE_TLS_CERT="+certFile, "GATEHOUSE_TLS_KEY="+keyFile)...)
	var dialled atomic.Int32
	transport := &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			dialled.Add(1)
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	post := func() (status, version int, err error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+p.listen[0]+"/oauth/access_token", strings.NewReader("grant_type=x"))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := transport.RoundTrip(r)
		if err != nil {
			return 0, 0, err
		}
		return res.StatusCode, res.ProtoMajor, res.Body.Close()
	}
	_, version, err := post()
	require.NoError(t, err)
	require.Equal(t, 2, version)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	for ended := false; !ended; { // until new connections are refused
		before := dialled.Load()
		status, _, err := post()
		if ended = err != nil; ended {
			require.ErrorIs(t, err, syscall.ECONNREFUSED)
			require.Greater(t, dialled.Load(), before, "the request was not sent on the old connection")
		} else {
			require.Equal(t, http.StatusBadRequest, status)
		}
	}
	require.Zero(t, p.await(t))
}
