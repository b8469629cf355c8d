package server

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// drainTick is how often the draining looks at the connections.
const drainTick = 10 * time.Millisecond

// connectionDrain asks clients to close their connections, and knows when they have. A
// client that is asked to with an answer (RFC 9112 §9.6, RFC 9113 §6.8) sends its next
// request on a new connection, which another node accepts.
type connectionDrain struct {
	open atomic.Int64
	// lastUse is nil until the draining begins. Then it is the time when it began, or
	// when a request that came before was answered last on a connection that stays open.
	lastUse atomic.Pointer[time.Time]

	mu       sync.Mutex
	arriving map[net.Conn]struct{} // accepted since the draining began, and without a request yet
}

// askToClose adds the request to close the connection to every answer while draining.
func (d *connectionDrain) askToClose(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.draining() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// track is the ConnState of the server.
func (d *connectionDrain) track(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		d.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		d.open.Add(-1)
	case http.StateIdle:
		if d.draining() {
			d.usedNow()
		}
	case http.StateActive:
	}
	if d.draining() {
		d.trackArrival(conn, state)
	}
}

func (d *connectionDrain) trackArrival(conn net.Conn, state http.ConnState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if state != http.StateNew {
		delete(d.arriving, conn)
		return
	}
	if d.arriving == nil {
		d.arriving = map[net.Conn]struct{}{}
	}
	d.arriving[conn] = struct{}{}
}

// waitForClients begins the draining. It returns when no connection is open, when none
// was used for IdleDrainTimeout, or when ctx ends.
func (d *connectionDrain) waitForClients(ctx context.Context) {
	d.usedNow()
	waitUntil(ctx, func() bool {
		return d.open.Load() == 0 || time.Since(*d.lastUse.Load()) >= IdleDrainTimeout
	})
}

// waitForArrivals returns when every connection that was accepted while draining has
// sent its first request, and after arrivalTimeout. http.Server.Shutdown drops a
// request that it reads from a new connection afterwards.
func (d *connectionDrain) waitForArrivals(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, arrivalTimeout)
	defer cancel()
	waitUntil(ctx, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.arriving) == 0
	})
}

func waitUntil(ctx context.Context, done func() bool) {
	tick := time.NewTicker(drainTick)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (d *connectionDrain) draining() bool { return d.lastUse.Load() != nil }

func (d *connectionDrain) usedNow() {
	now := time.Now()
	d.lastUse.Store(&now)
}
