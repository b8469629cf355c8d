package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseFlags(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("from-a-file\n"), 0o600))
	listen, config, err := parse([]string{"-client-id", "id", "-client-secret-file", secret, "-scope", "a b", "-token-path", "/token"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8066", listen, "the default is a loopback address")
	require.Equal(t, "http://localhost:8065", config.Issuer)
	require.Equal(t, "/token", config.TokenPath)
	require.Equal(t, "from-a-file", config.Scenarios[0].ClientSecret)
	require.Equal(t, "a b", config.Scenarios[0].Scope)
}

func TestWrongFlagsAreRefused(t *testing.T) {
	for says, args := range map[string][]string{
		"-client-id is missing":     {"-public"},
		"unexpected argument":       {"-client-id", "id", "-public", "serve"},
		"read client secret":        {"-client-id", "id", "-client-secret-file", "/no/such/file"},
		"client secret is missing":  {"-client-id", "id", "-listen", "127.0.0.1:0"},
		"listen: ":                  {"-client-id", "id", "-public", "-listen", "256.0.0.1:1"},
		"is not an http(s) URL":     {"-client-id", "id", "-public", "-listen", "127.0.0.1:0", "-issuer", "nonsense"},
		"flag provided but not def": {"-nonsense"},
	} {
		require.ErrorContains(t, run(context.Background(), args, io.Discard, io.Discard), says)
	}
}

func TestRunPrintsItsURLsAndStops(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	var out bytes.Buffer
	require.NoError(t, run(ctx, []string{"-client-id", "id", "-public", "-listen", "127.0.0.1:0"}, &out, io.Discard))
	require.Contains(t, out.String(), "Open            http://localhost:")
	require.Contains(t, out.String(), "/app/callback   (register the app with it)")
}

func TestBaseURLCallsLoopbackLocalhost(t *testing.T) {
	for want, ip := range map[string]string{"http://localhost:80": "127.0.0.1", "http://[2001:db8::1]:80": "2001:db8::1", "http://192.0.2.1:80": "192.0.2.1"} {
		require.Equal(t, want, baseURL(&net.TCPAddr{IP: net.ParseIP(ip), Port: 80}))
	}
}
