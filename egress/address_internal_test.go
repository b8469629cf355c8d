package egress

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnlyPublicAddressesAreReached(t *testing.T) {
	for _, address := range []string{
		"127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1",
		"100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.88.99.1",
		"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
		"fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "100::1", "5f00::1", "3fff::1",
	} {
		require.ErrorIs(t, check(netip.MustParseAddr(address), nil, true), ErrForbidden, address)
	}
	for _, address := range []string{"1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "::ffff:8.8.8.8", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"} {
		require.NoError(t, check(netip.MustParseAddr(address), nil, true), address)
		require.ErrorIs(t, check(netip.MustParseAddr(address), nil, false), ErrForbidden, "%s without TLS", address)
	}
}

func TestAllowedNetworksAreReached(t *testing.T) {
	allowed := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("8.8.8.8/32")}
	for address, reached := range map[string]bool{
		"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "fd12::1": true, "fd12::1%eth0": true, "fc00::1": false, "127.0.0.1": false, "169.254.169.254": false, "8.8.8.8": true,
	} {
		for _, tls := range []bool{true, false} {
			require.Equal(t, reached, check(netip.MustParseAddr(address), allowed, tls) == nil, address)
		}
	}
}
