package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// DrainTimeout is how long a stop takes at most: for the requests that were under
	// way when it began, and for those that come while clients close their connections.
	DrainTimeout = 10 * time.Second
	// IdleDrainTimeout is how long an idle connection stays open during a stop. If the
	// server closed it at once, a request that is just arriving on it would be lost. A
	// client that closes its idle connections sooner loses no request.
	IdleDrainTimeout = time.Second
)

// Listener is an address and the handler that serves it.
type Listener struct {
	net.Listener
	Handler http.Handler
	// CertFile and KeyFile turn TLS on; both empty: plain HTTP. Renewed files are loaded
	// without a restart.
	CertFile, KeyFile string
}

// Run serves every listener until ctx ends, and then stops:
//
//	every answer asks the client to close its connection
//	  until no connection is open, or none was used for IdleDrainTimeout, or half of DrainTimeout is over
//	the listener accepts the connections that have arrived, and no new ones
//	requests under way finish, until DrainTimeout is over; then they are cut off
//
// It calls running, which may be nil, when every listener is served: after the TLS
// certificates are loaded. It closes the listeners in any case. If one fails, it stops all
// and returns the error.
func Run(ctx context.Context, log *slog.Logger, running func(), listeners ...Listener) error {
	// Requests do not inherit ctx: they may finish after it ended.
	group, ctx := errgroup.WithContext(ctx)
	failed := false
	for _, l := range listeners {
		var connections connectionDrain
		s := newHTTPServer(connections.askToClose(l.Handler), log)
		s.ConnState = connections.track
		listener := newDrainingListener(l.Listener)
		l.Listener = listener
		if l.CertFile != "" {
			certificate, err := newCertificateFiles(l.CertFile, l.KeyFile, log)
			if err != nil {
				failed = true
				group.Go(func() error { return err })
			} else {
				s.TLSConfig = &tls.Config{GetCertificate: certificate.getCertificate, MinVersion: tls.VersionTLS12}
				group.Go(func() error { certificate.watch(ctx); return nil })
			}
		}
		group.Go(func() error { return serve(s, l) })
		group.Go(func() error {
			<-ctx.Done()
			return stop(s, &connections, listener, log)
		})
	}
	if !failed && running != nil {
		running()
	}
	return group.Wait()
}

// newHTTPServer limits what a slow or silent client can hold.
func newHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug), // broken handshakes and other mistakes of clients
	}
}

func serve(s *http.Server, l Listener) error {
	defer func() { _ = l.Close() }() // ServeTLS does not close it if there is no certificate.
	var err error
	if l.CertFile != "" {
		err = s.ServeTLS(l.Listener, "", "") // the certificate of s.TLSConfig
	} else {
		err = s.Serve(l.Listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("server: serve %s: %w", l.Addr(), err)
}

func stop(s *http.Server, connections *connectionDrain, listener *drainingListener, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(context.Background(), DrainTimeout)
	defer cancel()
	half, cancel := context.WithTimeout(ctx, DrainTimeout/2) // so that the last connections have the other half
	defer cancel()
	connections.waitForClients(half)
	s.SetKeepAlivesEnabled(false) // answers to requests that began before the stop ask to close the connection too
	listener.drain()
	connections.waitForArrivals(ctx)
	if err := s.Shutdown(ctx); err != nil {
		log.Warn("requests did not finish in time and were cut off", "listen", listener.Addr().String(), "waited", DrainTimeout)
		if err := s.Close(); err != nil {
			return fmt.Errorf("server: stop %s: %w", listener.Addr(), err)
		}
	}
	return nil
}
