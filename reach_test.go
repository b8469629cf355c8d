package gatehouse_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

func TestReachOfAHost(t *testing.T) {
	for host, want := range map[string]gatehouse.Reach{
		"localhost": gatehouse.ReachLoopback, "sso.localhost": gatehouse.ReachLoopback, "127.0.0.1": gatehouse.ReachLoopback, "127.8.8.8": gatehouse.ReachLoopback, "::1": gatehouse.ReachLoopback,
		"nas": gatehouse.ReachPrivate, "nas.lan": gatehouse.ReachPrivate, "nas.local": gatehouse.ReachPrivate, "nas.home.arpa": gatehouse.ReachPrivate, "sso.internal": gatehouse.ReachPrivate,
		"sso.corp": gatehouse.ReachPrivate, "sso.test": gatehouse.ReachPrivate, "router.home": gatehouse.ReachPrivate,
		"10.1.2.3": gatehouse.ReachPrivate, "172.16.0.1": gatehouse.ReachPrivate, "192.168.1.1": gatehouse.ReachPrivate, "169.254.1.1": gatehouse.ReachPrivate, "100.100.1.1": gatehouse.ReachPrivate,
		"fd00::7": gatehouse.ReachPrivate, "fe80::1": gatehouse.ReachPrivate, "0.0.0.0": gatehouse.ReachPrivate,
		"sso.example.com": gatehouse.ReachPublic, "nas.lan.example.com": gatehouse.ReachPublic, "xlan.com": gatehouse.ReachPublic, "192.0.2.1": gatehouse.ReachPublic, "172.32.0.1": gatehouse.ReachPublic,
		"11.1.2.3": gatehouse.ReachPublic, "2001:db8::1": gatehouse.ReachPublic, "xn--bcher-kva.de": gatehouse.ReachPublic, "machine.tailnet.ts.net": gatehouse.ReachPublic,
	} {
		require.Equal(t, want, gatehouse.ReachOf(host), host)
	}
}
