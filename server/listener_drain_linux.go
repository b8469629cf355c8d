package server

import (
	"math"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// refuseNewConnections lets the system refuse new connections to the listener, as if it
// were closed, and keeps those that have arrived or are in the handshake. To do so it
// binds the listener to a network interface that does not exist. It returns false where
// that is not possible, such as before Linux 5.7.
func refuseNewConnections(l net.Listener) bool {
	const noInterface = math.MaxInt32
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
		refused = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BINDTOIFINDEX, noInterface)
	})
	return err == nil && refused == nil
}
