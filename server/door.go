package server

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

const (
	// doorPause is for who is half through the door when it is barred: on its way
	// over the network, or held up in a system that is busy.
	doorPause = 100 * time.Millisecond
	// doorTimeout bounds the wait for those who stand in the door then.
	doorTimeout = 500 * time.Millisecond
)

// door is a listener that is shut without shutting anybody out who has knocked.
// Closing a listener breaks off the connections that the system took and Accept
// did not return yet; and http.Server does not know of one that Accept returned a
// moment ago. Either may have sent its request: a POST, which no proxy sends again.
// One that comes later is refused, has sent nothing, and goes to another node.
type door struct {
	net.Listener
	closeListener func() error

	mu      sync.Mutex
	closing bool
	empty   chan struct{} // closed when all who knocked were let in, and the listener is closed
	closed  chan struct{} // closed by Close
}

func newDoor(l net.Listener) *door {
	d := &door{Listener: l, empty: make(chan struct{}), closed: make(chan struct{})}
	d.closeListener = sync.OnceValue(l.Close)
	return d
}

// shut lets in who has knocked, and nobody else. Whoever accepts must go on until
// Close: asking for the next connection shows that the one before was taken on.
func (d *door) shut() {
	if bar(d.Listener) {
		d.await(nil, doorPause)
	}
	if d.startToClose() {
		d.await(d.empty, doorTimeout)
	}
}

func (d *door) await(what <-chan struct{}, atMost time.Duration) {
	select {
	case <-what:
	case <-d.closed:
	case <-time.After(atMost):
	}
}

// startToClose wakes Accept. It reports false if the listener has no deadlines.
func (d *door) startToClose() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closing = d.setDeadline(time.Now())
	return d.closing
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

// expectTheLast reports whether the door is being closed. Accept has to look once
// more then, and not for long: the deadline that woke it kept it from looking.
func (d *door) expectTheLast() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closing && d.setDeadline(time.Now().Add(time.Millisecond))
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
