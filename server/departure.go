package server

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// departure tells clients to let go of their connections, and knows when they
// have. A client that is told so by an answer (RFC 9112 §9.6, RFC 9113 §6.8) sends
// its next request on a new connection, which another node takes.
type departure struct {
	connections atomic.Int64
	// since is nil until the departure begins; then it is when it began, or when a
	// connection was kept open last, by a request that came before.
	since atomic.Pointer[time.Time]
}

func (d *departure) announce(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.since.Load() != nil {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// count is the server's ConnState.
func (d *departure) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		d.connections.Add(1)
	case http.StateClosed, http.StateHijacked:
		d.connections.Add(-1)
	case http.StateIdle:
		if d.since.Load() != nil {
			d.sinceNow()
		}
	case http.StateActive:
	}
}

// wait announces from now on, until no connection is open, or none was used for
// LeaveTimeout, or ctx ends.
func (d *departure) wait(ctx context.Context) {
	d.sinceNow()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for d.connections.Load() > 0 && time.Since(*d.since.Load()) < LeaveTimeout {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

func (d *departure) sinceNow() {
	now := time.Now()
	d.since.Store(&now)
}
