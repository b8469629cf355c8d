package server_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/server"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}

func TestStopLetsRequestsFinish(t *testing.T) {
	arrived, finish := make(chan struct{}), make(chan struct{})
	l := listen(t)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-finish
		_, _ = io.WriteString(w, "done")
		if r.Context().Err() != nil {
			_, _ = io.WriteString(w, ", but cancelled")
		}
	})
	stop, stopped := start(l, h)
	answer := make(chan string, 1)
	go func() {
		res, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer func() { _ = res.Body.Close() }()
		body, _ := io.ReadAll(res.Body)
		if !res.Close {
			body = append(body, ", but the connection is kept"...)
		}
		answer <- string(body)
	}()

	<-arrived
	stop()
	require.Eventually(t, func() bool {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, time.Minute, time.Millisecond, "new connections are refused")
	select {
	case err := <-stopped:
		t.Fatal("stopped before the request finished", err)
	default:
	}
	close(finish)
	require.Equal(t, "done", <-answer)
	require.NoError(t, <-stopped)
}

func TestFailedListenerStopsTheOthers(t *testing.T) {
	good, broken := listen(t), listen(t)
	require.NoError(t, broken.Close())
	err := server.Run(t.Context(), slog.New(slog.DiscardHandler), nil,
		server.Listener{Listener: good, Handler: http.NotFoundHandler()}, server.Listener{Listener: broken, Handler: http.NotFoundHandler()})
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = http.Get("http://" + good.Addr().String()) //nolint:bodyclose // it has no response
	require.Error(t, err)
}

func TestRunSaysThatItRunsOnlyWithACertificate(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.pem")
	err := server.Run(t.Context(), slog.New(slog.DiscardHandler), func() { t.Error("it does not serve TLS") },
		server.Listener{Listener: listen(t), Handler: http.NotFoundHandler()}, server.Listener{Listener: listen(t), Handler: http.NotFoundHandler(), CertFile: missing, KeyFile: missing})
	require.ErrorContains(t, err, "load the TLS certificate")

	ctx, stop := context.WithCancel(t.Context())
	require.NoError(t, server.Run(ctx, slog.New(slog.DiscardHandler), stop, server.Listener{Listener: listen(t), Handler: http.NotFoundHandler()}))
}
