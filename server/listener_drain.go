package server

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

const (
	// arrivalPause is how long a connection may take to arrive whose handshake began
	// before new ones were refused: on the network, or in a busy system.
	arrivalPause = 100 * time.Millisecond
	// arrivalTimeout bounds the wait for the connections that have arrived: for each to
	// be accepted, and then for each to send its first request.
	arrivalTimeout = 500 * time.Millisecond
)

// drainingListener is a listener that accepts every connection that has arrived before
// it closes. Closing a listener resets the connections that the system completed and
// Accept has not returned yet, and http.Server does not know of a connection that Accept
// returned a moment ago. Both may have sent a POST, which no proxy repeats. A connection
// that comes later is refused before it sends anything, so a proxy tries another node.
type drainingListener struct {
	net.Listener
	closeListener func() error

	mu       sync.Mutex
	draining bool
	drained  chan struct{} // closed when every arrived connection was accepted and the listener is closed
	closed   chan struct{} // closed by Close
}

func newDrainingListener(l net.Listener) *drainingListener {
	d := &drainingListener{Listener: l, drained: make(chan struct{}), closed: make(chan struct{})}
	d.closeListener = sync.OnceValue(l.Close)
	return d
}

// drain waits until every connection that has arrived was accepted, at most
// arrivalPause and arrivalTimeout, and lets the system refuse new ones where it can.
// The caller of Accept must go on until Close: a second call of Accept shows that the
// caller has taken the connection of the first.
func (d *drainingListener) drain() {
	if refuseNewConnections(d.Listener) {
		d.wait(nil, arrivalPause)
	}
	if d.wakeAccept() {
		d.wait(d.drained, arrivalTimeout)
	}
}

// wait returns after the timeout, or earlier if done or the listener is closed.
func (d *drainingListener) wait(done <-chan struct{}, timeout time.Duration) {
	select {
	case <-done:
	case <-d.closed:
	case <-time.After(timeout):
	}
}

// wakeAccept begins the draining. It returns false if the listener has no deadlines.
func (d *drainingListener) wakeAccept() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.draining = d.setDeadline(time.Now())
	return d.draining
}

func (d *drainingListener) setDeadline(at time.Time) bool {
	l, ok := d.Listener.(interface{ SetDeadline(at time.Time) error })
	return ok && l.SetDeadline(at) == nil
}

// Accept returns the next connection. It returns net.ErrClosed after Close.
func (d *drainingListener) Accept() (net.Conn, error) {
	for {
		last := d.startLastAccept()
		conn, err := d.Listener.Accept()
		switch {
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return conn, err
		case last:
			_ = d.closeListener() // Close returns its error.
			close(d.drained)
			<-d.closed
			return nil, net.ErrClosed
		}
	}
}

// startLastAccept reports whether the listener is draining. If so, it allows the next
// Accept a millisecond: the deadline that woke Accept kept it from looking for arrived
// connections.
func (d *drainingListener) startLastAccept() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.draining && d.setDeadline(time.Now().Add(time.Millisecond))
}

// Close closes the listener. http.Server calls it more than once.
func (d *drainingListener) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.closed:
	default:
		close(d.closed)
	}
	return d.closeListener()
}
