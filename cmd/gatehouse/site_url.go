package main

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// plainURLPath matches the paths that proxies, cookies and routes all understand in
// the same way.
var plainURLPath = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$`)

// parseSiteURL returns the site URL in the form in which browsers send it in Host and
// Origin: host in lower case and in punycode, without a dot at its end and without the
// default port. All comparisons and the issuer use this form.
func parseSiteURL(s string) (value *url.URL, problem string) {
	u, err := url.Parse(strings.TrimRight(s, "/"))
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return &url.URL{Scheme: "https"}, "The value must be a URL, such as https://sso.example.com."
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(s, "#"):
		return u, "The URL must end with the host or a path. Remove the user, the query and the fragment."
	case !plainURLPath.MatchString(u.EscapedPath()):
		return u, "The path has characters that are not safe in links. Use letters, digits, dashes, dots and slashes."
	}
	name, problem := parseSiteHost(u.Hostname())
	if problem != "" {
		return u, problem
	}
	port := u.Port()
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
		return u, "The port must be a number from 1 to 65535."
	} else if port != "" {
		port = strconv.FormatUint(n, 10)
	}
	if port == map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		port = ""
	}
	u.Host = name
	if strings.Contains(name, ":") {
		u.Host = "[" + name + "]"
	}
	if port != "" {
		u.Host = net.JoinHostPort(name, port)
	}
	return u, ""
}

const (
	invalidHost = "The host of the URL is not valid. Use a DNS name, such as sso.example.com, or an IP address."
	invalidIDN  = "The international domain name of the URL is not valid (RFC 5891). Write it as you registered it, or in its ASCII form, such as xn--bcher-kva.example."
)

var (
	// hostLabel matches a part of a DNS name. Docker's names may have underscores.
	hostLabel = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)
	// numericLabel matches the last part of a name that browsers read as an IPv4 address
	// (URL standard §3.5, "ends in a number").
	numericLabel = regexp.MustCompile(`^([0-9]+|0x[0-9a-f]*)$`)
)

// parseSiteHost returns the host, without port and brackets, as browsers send it.
func parseSiteHost(host string) (name, problem string) {
	if addr, err := netip.ParseAddr(host); err == nil {
		switch {
		case addr.Zone() != "":
			return "", "The IPv6 address of the URL has a zone, which browsers do not accept. Use an address without a zone, or a name."
		case addr.Is4In6():
			return "", "The address of the URL is an IPv4 address in the form of IPv6. Use the form of IPv4, such as 192.0.2.7."
		}
		return addr.String(), ""
	}
	if strings.Contains(host, ":") {
		return "", invalidHost
	}
	name = strings.ToLower(host)
	if !isASCII(name) || strings.Contains(name, "xn--") {
		var err error
		if name, err = registeredName(host); err != nil {
			return "", invalidIDN
		}
	}
	name = strings.TrimSuffix(name, ".")
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if !hostLabel.MatchString(label) {
			return "", invalidHost
		}
	}
	if len(name) > 253 {
		return "", invalidHost
	}
	if addr, err := netip.ParseAddr(name); err == nil { // fullwidth digits, or a dot at the end
		return addr.String(), ""
	}
	if numericLabel.MatchString(labels[len(labels)-1]) {
		return "", "The host of the URL ends with a number, so browsers read it as an IPv4 address. Write the address as four decimal numbers, such as 192.0.2.7."
	}
	return name, ""
}

// registeredName returns an international domain name in punycode. It maps the name as
// browsers do (UTS #46, nontransitional). It returns an error if the profile for
// registration refuses the result (RFC 5891 §4): browsers could not open it.
func registeredName(host string) (string, error) {
	mapped, err := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.ValidateLabels(true), idna.StrictDomainName(false)).ToUnicode(host)
	if err != nil {
		return "", err
	}
	return idna.Registration.ToASCII(strings.TrimSuffix(mapped, "."))
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}
