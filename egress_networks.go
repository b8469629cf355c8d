package gatehouse

import (
	"fmt"
	"net/netip"
	"strings"
)

// networksSetting parses networks in CIDR notation. It refuses a network with host bits, such
// as 10.1.2.3/8, because its writer may have meant one address.
func networksSetting(s *Settings, v string) error {
	s.EgressAllowedNetworks = nil
	for _, item := range splitList(v) {
		network, err := netip.ParsePrefix(item)
		if err != nil || network != network.Masked() || network.Addr().Is4In6() {
			return fmt.Errorf("%q is not a network. Use CIDR notation, such as 10.0.0.0/8, 192.168.1.5/32 or fd00::/8.", item) //nolint:revive,staticcheck // a sentence for the user
		}
		s.EgressAllowedNetworks = append(s.EgressAllowedNetworks, network)
	}
	return nil
}

func joinNetworks(networks []netip.Prefix) string {
	var list []string
	for _, network := range networks {
		list = append(list, network.String())
	}
	return strings.Join(list, ",")
}
