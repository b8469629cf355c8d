package gatehouse

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// The functions of this file parse the values of settings. Each error is a sentence for the
// user.

// splitList parses a comma-separated list and leaves out blank items.
func splitList(v string) []string {
	var list []string
	for _, item := range strings.Split(v, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}

// allowlistSetting refuses empty and invalid patterns (C 2.13). Such a pattern matches
// nothing, so it would refuse clients for no visible reason.
func allowlistSetting(s *Settings, v string) error {
	s.DCRRedirectURIAllowlist = nil
	if strings.TrimSpace(v) == "" {
		return nil
	}
	for _, pattern := range strings.Split(v, ",") {
		pattern = strings.TrimSpace(pattern)
		if problem := allowlistProblem(pattern); problem != "" {
			return errors.New(problem)
		}
		s.DCRRedirectURIAllowlist = append(s.DCRRedirectURIAllowlist, pattern)
	}
	return nil
}

func boolSetting(field func(*Settings) *bool) func(*Settings, string) error {
	return func(s *Settings, v string) error {
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "true":
			*field(s) = true
		case "false":
			*field(s) = false
		default:
			return fmt.Errorf("%q is not valid. Use true or false.", v) //nolint:revive,staticcheck // a sentence for the user
		}
		return nil
	}
}

// The shortest and the longest lifetime that a setting or an app takes. Less than a minute
// breaks correct clients, and a token that is valid for more than a year hardly expires.
const (
	MinLifetime = time.Minute
	MaxLifetime = 366 * 24 * time.Hour
)

// ParseLifetime parses a lifetime as users type it, such as "30m" or "24h". Its error is a
// sentence for the user.
func ParseLifetime(v string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.TrimSpace(v))
	if err != nil || d < MinLifetime || d > MaxLifetime {
		return 0, fmt.Errorf("%q is not valid. Use a duration from one minute to one year, such as 30m or 24h.", v) //nolint:revive,staticcheck // a sentence for the user
	}
	return d, nil
}

func lifetimeSetting(field func(*Settings) *time.Duration) func(*Settings, string) error {
	return func(s *Settings, v string) error {
		d, err := ParseLifetime(v)
		if err == nil {
			*field(s) = d
		}
		return err
	}
}

func idTokenAlgorithmSetting(s *Settings, v string) error {
	if !slices.Contains(SigningAlgorithms(), v) {
		return errors.New("The algorithm must be RS256, ES256 or EdDSA.") //nolint:revive,staticcheck // a sentence for the user
	}
	s.DefaultIDTokenAlgorithm = v
	return nil
}

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
