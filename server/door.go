package server

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

const (
	// doorPause: if nobody came for so long, nobody stands in the door.
	doorPause = time.Millisecond
	// doorTimeout bounds the wait for such a pause.
	doorTimeout = 100 * time.Millisecond
)

// door is a listener that is shut without shutting anybody out who has knocked.
// Closing a listener breaks off the connections that the system took and Accept
// did not return yet; and http.Server does not know of one that Accept returned a
// moment ago. Either may have sent its request: a POST, which no proxy sends again.
// One that comes later is refused, has sent nothing, and goes to another node.
type door struct {
	net.Listener
	closeListener func() error

	mu       sync.Mutex
	shutting bool
	empty    chan struct{} // closed when all who knocked were let in, and the listener is closed
	closed   chan struct{} // closed by Close
}

func newDoor(l net.Listener) *door {
	d := &door{Listener: l, empty: make(chan struct{}), closed: make(chan struct{})}
	d.closeListener = sync.OnceValue(l.Close)
	return d
}

// shut lets in who has knocked, and nobody else. Whoever accepts must go on until
// Close: asking for the next connection shows that the one before was taken on.
func (d *door) shut() {
	if !d.startToShut() {
		return
	}
	select {
	case <-d.empty:
	case <-d.closed:
	case <-time.After(doorTimeout):
	}
}

// startToShut wakes Accept. It reports false if the listener has no deadlines.
func (d *door) startToShut() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shutting = d.setDeadline(time.Now())
	return d.shutting
}

func (d *door) setDeadline(at time.Time) bool {
	l, ok := d.Listener.(interface{ SetDeadline(at time.Time) error })
	return ok && l.SetDeadline(at) == nil
}

func (d *door) Accept() (net.Conn, error) {
	for {
		last := d.expectTheLast()
		conn, err := d.Listener.Accept()
		switch {
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return conn, err
		case last:
			_ = d.closeListener() // Close says what came of it.
			close(d.empty)
			<-d.closed
			return nil, net.ErrClosed
		}
	}
}

// expectTheLast reports whether the door is being shut. Accept has to try once
// more then, and not for long.
func (d *door) expectTheLast() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.shutting && d.setDeadline(time.Now().Add(doorPause))
}

// Close is called more than once, by http.Server.
func (d *door) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.closed:
	default:
		close(d.closed)
	}
	return d.closeListener()
}
