//go:build !linux

package server

import "net"

// refuseNewConnections does nothing on this system: a connection may still arrive
// between the last Accept and the closing of the listener, and is then reset.
func refuseNewConnections(net.Listener) bool { return false }
