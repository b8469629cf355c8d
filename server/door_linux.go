package server

import (
	"math"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// bar has the system refuse whoever comes to the listener from now on, as if nobody
// listened, while those who are through the door, or half through, are not disturbed:
// it moves the listener to a network interface that does not exist. It reports false
// where that is not possible, such as before Linux 5.7: the door is shut all the same
// then, a little less gently.
func bar(l net.Listener) bool {
	const nowhere = math.MaxInt32
	socket, ok := l.(syscall.Conn)
	if !ok {
		return false
	}
	conn, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	var refused error
	err = conn.Control(func(fd uintptr) {
		refused = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BINDTOIFINDEX, nowhere)
	})
	return err == nil && refused == nil
}
