package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// DrainTimeout is how long requests that are under way when the gateway is told
	// to stop have for finishing, with what comes in while clients leave.
	DrainTimeout = 10 * time.Second
	// LeaveTimeout is how long a connection that a client keeps open is left to it:
	// closing one on which a request is just coming would lose that. A client that
	// lets go of its connections sooner when they are idle loses nothing.
	LeaveTimeout = time.Second
)

// Listener is an address and what is served there.
type Listener struct {
	net.Listener
	Handler http.Handler
	// CertFile and KeyFile make it TLS; both empty: plain HTTP.
	CertFile, KeyFile string
}

// Run serves every listener until ctx ends. Then it asks the clients to let go of
// their connections, with every answer, until none is left, or none that was used
// within LeaveTimeout, or half of DrainTimeout is over; accepts nothing new; and waits for what is under way, until
// DrainTimeout is over; what did not finish then is cut off. It closes the listeners
// in any case. If one fails, all stop, and Run says why.
func Run(ctx context.Context, log *slog.Logger, listeners ...Listener) error {
	// Requests do not inherit ctx: they may finish after it ended.
	group, ctx := errgroup.WithContext(ctx)
	for _, l := range listeners {
		var leaving departure
		s := newHTTPServer(leaving.announce(l.Handler), log)
		s.ConnState = leaving.count
		d := newDoor(l.Listener)
		l.Listener = d
		group.Go(func() error { return serve(s, l) })
		group.Go(func() error {
			<-ctx.Done()
			return stop(s, &leaving, d, log)
		})
	}
	return group.Wait()
}

// newHTTPServer bounds what a slow or silent client can hold.
func newHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug), // broken handshakes and the like: the clients' doing
	}
}

func serve(s *http.Server, l Listener) error {
	defer func() { _ = l.Close() }() // ServeTLS does not where it cannot read its files.
	var err error
	if l.CertFile != "" {
		err = s.ServeTLS(l.Listener, l.CertFile, l.KeyFile)
	} else {
		err = s.Serve(l.Listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("server: serve %s: %w", l.Addr(), err)
}

func stop(s *http.Server, leaving *departure, d *door, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(context.Background(), DrainTimeout)
	defer cancel()
	leave, cancel := context.WithTimeout(ctx, DrainTimeout/2) // so that whoever comes last has the other half
	defer cancel()
	leaving.wait(leave)
	s.SetKeepAlivesEnabled(false) // what ends from now on is announced, whenever it began
	d.shut()
	if err := s.Shutdown(ctx); err != nil {
		log.Warn("requests did not finish in time and were cut off", "listen", d.Addr().String(), "waited", DrainTimeout)
		if err := s.Close(); err != nil {
			return fmt.Errorf("server: stop %s: %w", d.Addr(), err)
		}
	}
	return nil
}
