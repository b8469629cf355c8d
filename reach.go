package gatehouse

import (
	"net/netip"
	"strings"
)

// privateSuffixes are the names that do not exist in the public DNS: special-use names (RFC
// 6761, 6762, 8375), the name that ICANN reserved for private use, and those that home and
// company networks commonly use.
var privateSuffixes = []string{
	".localhost", ".local", ".home.arpa", ".internal", ".test", ".example", ".invalid", ".onion",
	".lan", ".localdomain", ".home", ".intranet", ".corp", ".private",
}

// carrierGrade is shared address space (RFC 6598), which overlay networks such as
// Tailscale use too.
var carrierGrade = netip.MustParsePrefix("100.64.0.0/10")

// Reach says from where a host can be reached.
type Reach int

// How far a host can be reached.
const (
	ReachLoopback Reach = iota // this machine
	ReachPrivate               // a private network
	ReachPublic                // the internet, as far as the name or address shows
)

// ReachOf tells the reach of a host from its name or address alone. A name is public
// unless it has a single part or a suffix that the public DNS does not have.
func ReachOf(host string) Reach {
	if addr, err := netip.ParseAddr(host); err == nil {
		switch {
		case addr.IsLoopback():
			return ReachLoopback
		case addr.IsPrivate(), addr.IsLinkLocalUnicast(), addr.IsUnspecified(), carrierGrade.Contains(addr):
			return ReachPrivate
		}
		return ReachPublic
	}
	switch {
	case host == "localhost", strings.HasSuffix(host, ".localhost"):
		return ReachLoopback
	case !strings.Contains(host, "."):
		return ReachPrivate
	}
	for _, suffix := range privateSuffixes {
		if strings.HasSuffix(host, suffix) {
			return ReachPrivate
		}
	}
	return ReachPublic
}
