package doctor

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// checkEndpoints judges the URLs of the endpoints, and returns those that may get
// requests, by the name of the member. An endpoint below the issuer is requested below the
// URL that was asked, also if the two differ: that server is the one to check, and a wrong
// issuer must not lead requests to a host of the private network.
func (e *examination) checkEndpoints(m map[string]json.RawMessage) map[string]string {
	safe := map[string]string{}
	var broken, plainHTTP, elsewhere, others []string
	issuer, _ := stringMember(m, "issuer")
	for _, name := range slices.Sorted(maps.Keys(m)) {
		value, isString := stringMember(m, name)
		if !isString || name != "jwks_uri" && !strings.HasSuffix(name, "_endpoint") {
			continue
		}
		u, ok := parseHTTP(e.rebase(value, issuer))
		shown := fmt.Sprintf("%s is %s", quote(name), quote(value))
		switch {
		case !ok || strings.Contains(value, "#") || u.User != nil:
			broken = append(broken, shown)
		case u.Scheme == "http" && (e.issuer.Scheme == "https" || !strings.EqualFold(u.Hostname(), e.issuer.Hostname()) && !isLoopback(u.Hostname())):
			plainHTTP = append(plainHTTP, shown)
		case isElsewhere(u, e.issuer):
			elsewhere = append(elsewhere, shown)
		default:
			safe[name] = u.String()
			if !strings.EqualFold(u.Host, e.issuer.Host) {
				others = append(others, u.Host)
			}
		}
	}
	e.judge(endpointURL, broken, "The endpoints are absolute URLs.")
	e.judge(endpointHTTPS, plainHTTP, "The endpoints use the scheme of the issuer.")
	switch {
	case len(elsewhere) == 0 && len(others) > 0:
		e.Met(endpointHost, "Some endpoints are on other hosts: %s.", list(slices.Compact(others)))
	default:
		e.judge(endpointHost, elsewhere, "The endpoints are on the host of the issuer.")
	}
	return safe
}

// judge adds one finding for a rule that several values of the metadata must meet.
func (e *examination) judge(rule string, broken []string, met string) {
	if len(broken) == 0 {
		e.Met(rule, "%s", met)
		return
	}
	const most = 8
	more := ""
	if len(broken) > most {
		more = fmt.Sprintf(", and %d more", len(broken)-most)
	}
	e.Broken(rule, "These members of the metadata break the rule: %s%s.", strings.Join(broken[:min(len(broken), most)], ", "), more)
}

// rebase returns an endpoint below the URL that was asked, if it is below the issuer.
func (e *examination) rebase(endpoint, issuer string) string {
	issuer = strings.TrimRight(issuer, "/")
	if rest, ok := strings.CutPrefix(endpoint, issuer+"/"); ok && issuer != "" {
		return e.issuer.String() + "/" + rest
	}
	return endpoint
}

// isElsewhere reports whether clients of the issuer cannot reach an endpoint: it is
// on a private host or this computer although the issuer is not, or on another port of
// the same host.
func isElsewhere(endpoint, issuer *url.URL) bool {
	if strings.EqualFold(endpoint.Hostname(), issuer.Hostname()) {
		return port(endpoint) != port(issuer)
	}
	return isLocal(endpoint.Hostname()) && !isLocal(issuer.Hostname()) || isLoopback(endpoint.Hostname()) && !isLoopback(issuer.Hostname())
}
