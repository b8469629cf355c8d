package loopback

import (
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// Reserve returns a loopback address with a port that only a program that names it gets,
// for about a minute. A TCP connection to the port that has ended keeps it in TIME-WAIT.
// Servers listen there nevertheless, because they set SO_REUSEADDR.
func Reserve(t testing.TB) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	near, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	far, err := l.Accept()
	require.NoError(t, err)
	require.NoError(t, far.Close()) // the side that closes first keeps its port
	_, err = near.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, near.Close())
	return l.Addr().String()
}
