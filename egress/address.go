package egress

import (
	"errors"
	"net/netip"
	"slices"
)

// ErrForbidden means that the gateway may not send a request to an address.
var ErrForbidden = errors.New("egress: the address is not public, and egress_allowed_networks does not allow it")

// specialNetworks lists the networks that are not on the public internet although
// netip.Addr does not say so (the special-purpose address registries of IANA). IPv6
// networks that embed an IPv4 address are among them, because they could reach any address.
func specialNetworks() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),
		netip.MustParsePrefix("100.64.0.0/10"), // shared address space; also metadata services
		netip.MustParsePrefix("192.0.0.0/24"),
		netip.MustParsePrefix("192.0.2.0/24"),
		netip.MustParsePrefix("192.88.99.0/24"), // 6to4 relays
		netip.MustParsePrefix("198.18.0.0/15"),
		netip.MustParsePrefix("198.51.100.0/24"),
		netip.MustParsePrefix("203.0.113.0/24"),
		netip.MustParsePrefix("240.0.0.0/4"),    // with 255.255.255.255
		netip.MustParsePrefix("::/96"),          // IPv4-compatible
		netip.MustParsePrefix("64:ff9b::/96"),   // NAT64
		netip.MustParsePrefix("64:ff9b:1::/48"), // NAT64 of a private network
		netip.MustParsePrefix("100::/64"),
		netip.MustParsePrefix("2001::/23"), // with Teredo
		netip.MustParsePrefix("2001:db8::/32"),
		netip.MustParsePrefix("2002::/16"), // 6to4
		netip.MustParsePrefix("3fff::/20"),
		netip.MustParsePrefix("5f00::/16"),
		netip.MustParsePrefix("fec0::/10"), // site-local
	}
}

// check returns ErrForbidden if the address is neither public nor in an allowed network.
// Without TLS only allowed networks are allowed: a token must not cross the internet in
// clear text.
func check(address netip.Addr, allowed []netip.Prefix, tls bool) error {
	address = address.Unmap().WithZone("")
	contains := func(network netip.Prefix) bool { return network.Contains(address) }
	public := address.IsGlobalUnicast() && !address.IsPrivate() && !slices.ContainsFunc(specialNetworks(), contains)
	if slices.ContainsFunc(allowed, contains) || public && tls {
		return nil
	}
	return ErrForbidden
}
