package gatehouse

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MaxRedirectURILength is the maximum length of a redirect URI in bytes. All redirect
// URIs of an app together have the same maximum (C 1.15).
const MaxRedirectURILength = 1024

// dangerousSchemes run code, read local files or do not belong to an app. The first six are
// the contract's (C 2.8). No pattern of the allowlist can have one of them.
var dangerousSchemes = []string{
	"javascript", "data", "vbscript", "file", "blob", "about",
	"filesystem", "view-source", "intent", "jar", "resource", "chrome", "ws", "wss", "ftp", "mailto", "tel", "sms",
}

// shortSchemes are the private-use schemes without a period that may be registered. They
// belong to programs that receive OAuth callbacks at scheme://host/path, most of them MCP
// clients. RFC 8252 §8.4 asks to refuse every scheme without a period; these programs have
// no other scheme. A scheme of an operating system or of a browser never belongs here.
var shortSchemes = []string{
	"antigravity", "cherrystudio", "claude", "claude-desktop", "code-oss", "cursor", "cursor-nightly", "goose", "insomnia", "jetbrains", "kiro",
	"lmstudio", "obsidian", "positron", "postman", "raycast", "trae", "vscode", "vscode-insiders", "vscodium", "void", "warp", "warppreview",
	"windsurf", "windsurf-insiders", "windsurf-next", "zed",
}

var (
	privateUseScheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)
	// reverseDomainScheme matches a domain name in reverse order, such as com.example.app. A
	// top-level domain has no hyphen, except in its punycode form: x-apple.help does not match.
	reverseDomainScheme = regexp.MustCompile(`^([a-z]{2,63}|xn--[a-z0-9-]{1,59})(\.[a-z0-9+-]+)+$`)
	// systemScheme matches schemes that programs of an operating system or a browser serve.
	systemScheme   = regexp.MustCompile(`^(ms-.*|.*-ms|microsoft[.-].*|x-.*|.*-extension|shell|search|smb|ssh|ldaps?|res|mk|hcp|its|mhtml|apt)$`)
	encodedControl = regexp.MustCompile(`%[01][0-9A-Fa-f]|%7[Ff]`)
	wildcardPath   = regexp.MustCompile(`/\*+(/|\?|$)`)
)

const wildcardMessage = "Wildcards are not supported: register each callback URL, or a loopback URL, which may use any port."

// CheckRedirectURI returns a *FieldError for the field redirect_uri if the redirect URI may
// not be registered. It must pass CheckRequestedRedirectURI, have no wildcard, and lead to
// an app if its scheme is a private-use scheme: the scheme is a domain name in reverse
// order, such as com.example.app (RFC 8252 §7.1, §8.4), or one of shortSchemes with a host.
// Programs that an operating system starts with arguments have neither (ms-msdt:, search-ms:,
// smb:, chrome-extension:).
//
// Every app may use http and https (C 1.15). Only public apps may use a private-use scheme.
func CheckRedirectURI(uri string, public bool) error {
	// The first checks of a wildcard come before the URI is parsed: *://x is not a URL.
	scheme, rest, _ := strings.Cut(uri, ":")
	path, _, _ := strings.Cut(rest, "?")
	if strings.Contains(scheme, "*") || wildcardPath.MatchString(path) {
		return refuseRedirectURI(wildcardMessage)
	}
	if err := CheckRequestedRedirectURI(uri, public); err != nil || scheme == "http" || scheme == "https" {
		return err
	}
	short := slices.Contains(shortSchemes, scheme)
	switch {
	case strings.TrimLeft(path, "/") == "" && strings.HasPrefix(path, "//"), short && authorityOf(rest) == "":
		return refuseRedirectURI("A redirect URI with a private-use scheme needs a host or a path, as in com.example.app:/callback or cursor://host/callback.")
	}
	if problem := schemeProblem(scheme); problem != "" {
		return refuseRedirectURI(problem)
	}
	return nil
}

// schemeProblem returns a sentence that says why no redirect URI with the scheme, in
// lowercase letters, can be registered, or "".
func schemeProblem(scheme string) string {
	switch {
	case scheme == "http" || scheme == "https" || slices.Contains(shortSchemes, scheme):
		return ""
	case isSystemScheme(scheme):
		return fmt.Sprintf("The scheme %q is not allowed in a redirect URI. It belongs to the operating system or the browser.", scheme)
	case !reverseDomainScheme.MatchString(scheme):
		return fmt.Sprintf("The scheme %q is not allowed in a redirect URI. A private-use scheme must be a domain name in reverse order, such as com.example.app (RFC 8252).", scheme)
	}
	return ""
}

func isSystemScheme(scheme string) bool {
	return slices.Contains(dangerousSchemes, scheme) || systemScheme.MatchString(scheme)
}

// CheckRequestedRedirectURI returns a *FieldError for the field redirect_uri if a redirect
// URI may not receive a response, also if it is registered. It is checked at each use, so
// that an invalid URI that entered the database in another way is refused too.
//
// A fragment (RFC 6749 §3.1.2), user information, a backslash and a control character, also
// percent-encoded, are refused, because parsers disagree about the host of such a URI. A
// host or a port that no browser can reach is refused too.
func CheckRequestedRedirectURI(uri string, public bool) error {
	scheme, rest, _ := strings.Cut(uri, ":")
	authority := authorityOf(rest)
	switch {
	case uri == "":
		return refuseRedirectURI("The redirect URI is empty.")
	case len(uri) > MaxRedirectURILength:
		return refuseRedirectURI("The redirect URI is longer than 1024 bytes.")
	case strings.ContainsFunc(uri, func(r rune) bool { return r < 0x20 || r == 0x7f || (r >= 0x80 && r <= 0x9f) }), encodedControl.MatchString(uri):
		return refuseRedirectURI("The redirect URI contains a control character. Remove it.")
	case strings.Contains(uri, `\`):
		return refuseRedirectURI("The redirect URI contains a backslash. Use a slash instead.")
	case strings.Contains(uri, "#"):
		return refuseRedirectURI("The redirect URI has a fragment (#…). Remove it.")
	case strings.Contains(authority, "@") || strings.Contains(authority, "%"):
		return refuseRedirectURI("The redirect URI contains a user name or a percent-encoded host. Remove the user name, and write the host without percent-encoding.")
	case strings.Contains(authority, "*"):
		return refuseRedirectURI(wildcardMessage)
	}
	isHTTP := scheme == "http" || scheme == "https"
	if isHTTP && !validPort(authority) {
		return refuseRedirectURI("The port of the redirect URI is not valid. Use a number from 1 to 65535.")
	}
	u, err := url.ParseRequestURI(uri)
	switch {
	case err != nil || u.Scheme == "":
		return refuseRedirectURI("The redirect URI is not an absolute URL such as https://app.example.com/callback.")
	case isHTTP && u.Hostname() == "":
		return refuseRedirectURI("The redirect URI has no host. It must look like https://app.example.com/callback.")
	case isHTTP && !validHost(u.Hostname(), strings.HasPrefix(u.Host, "[")):
		return refuseRedirectURI("The host of the redirect URI is not a valid host name or IP address.")
	case isHTTP:
		return nil
	case !privateUseScheme.MatchString(scheme):
		return refuseRedirectURI("The scheme of the redirect URI must be in lowercase letters.")
	case isSystemScheme(scheme):
		return refuseRedirectURI(fmt.Sprintf("The scheme %q is not allowed in a redirect URI. It belongs to the operating system or the browser.", scheme))
	case !strings.HasPrefix(rest, "/"):
		return refuseRedirectURI("A redirect URI with a private-use scheme must have a slash after the colon, as in com.example.app:/callback.")
	case !public:
		return refuseRedirectURI("The redirect URI must begin with http:// or https://. Only a public client can use another scheme.")
	}
	return nil
}

func refuseRedirectURI(message string) error {
	return &FieldError{Field: "redirect_uri", Message: message}
}

// validPort reports whether the port of an authority is missing or from 1 to 65535. Port 0
// is valid for a loopback host, because such a URI matches with any port.
func validPort(authority string) bool {
	i := strings.LastIndexByte(authority, ':')
	if i < 0 || i == len(authority)-1 || strings.HasSuffix(authority, "]") {
		return true
	}
	port, err := strconv.ParseUint(authority[i+1:], 10, 16)
	return err == nil && (port > 0 || isLoopbackHost(strings.Trim(authority[:i], "[]")))
}

var (
	// Underscores occur in names of containers. A label in another script has letters,
	// marks and digits; browsers convert it to ASCII.
	hostLabel    = regexp.MustCompile(`^[A-Za-z0-9_\p{L}\p{M}\p{Nd}-]{1,63}$`)
	numericLabel = regexp.MustCompile(`^([0-9]+|0[xX][0-9A-Fa-f]*)$`)
)

// validHost reports whether browsers can reach a host: an IPv6 address, a host name, or an
// IPv4 address in one of the forms that the URL standard of the WHATWG knows.
func validHost(host string, isIPv6 bool) bool {
	if isIPv6 {
		return strings.Contains(host, ":") && net.ParseIP(host) != nil
	}
	host = strings.TrimSuffix(host, ".")
	if len(host) > 253 {
		return false
	}
	labels := strings.Split(host, ".")
	// A host is an IPv4 address if its last label is a number.
	isIPv4 := numericLabel.MatchString(labels[len(labels)-1])
	for _, label := range labels {
		if !hostLabel.MatchString(label) || isIPv4 && !numericLabel.MatchString(label) {
			return false
		}
		if n, err := strconv.ParseUint(label, 0, 32); isIPv4 && (err != nil && !strings.HasPrefix(label, "0") || len(labels) == 4 && n > 255) {
			return false
		}
	}
	return !isIPv4 || len(labels) <= 4
}

// MatchRedirectURI returns the redirect URI that receives the authorization response.
// That is the requested URI if it is equal to a registered URI byte for byte, or if it
// differs from a registered loopback URI only in its port (RFC 8252 §7.3, extended to
// the name localhost, which native clients use). If the request has no redirect URI and
// the app has exactly one, it is that one (RFC 6749 §3.1.2.3). Otherwise ok is false.
//
// The caller must check a requested URI with CheckRequestedRedirectURI first.
func MatchRedirectURI(requested string, registered []string) (uri string, ok bool) {
	if requested == "" {
		if len(registered) == 1 {
			return registered[0], true
		}
		return "", false
	}
	if slices.Contains(registered, requested) {
		return requested, true
	}
	loopback, ok := loopbackWithoutPort(requested)
	if !ok {
		return "", false
	}
	for _, r := range registered {
		if other, ok := loopbackWithoutPort(r); ok && other == loopback {
			return requested, true
		}
	}
	return "", false
}

// IsLoopbackRedirectURI reports whether the authorization response stays on the user's
// computer.
func IsLoopbackRedirectURI(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && isLoopbackHost(u.Hostname())
}

// RedirectOrigin returns the part of a redirect URI that identifies the receiver of the
// authorization response, as a Content-Security-Policy writes it: "https://host:port", or
// "com.example.app:" for a private-use scheme. It returns "" if uri is not a URL.
func RedirectOrigin(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	if u.Scheme == "http" || u.Scheme == "https" {
		return u.Scheme + "://" + u.Host
	}
	return u.Scheme + ":"
}

// loopbackWithoutPort returns an http loopback URI without its port. The rest is
// unchanged, because path and query are compared byte for byte. It returns false for
// other URIs.
func loopbackWithoutPort(uri string) (string, bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" || !isLoopbackHost(u.Hostname()) {
		return "", false
	}
	rest, ok := strings.CutPrefix(uri, "http://"+u.Host)
	if !ok {
		return "", false
	}
	return "http://" + u.Hostname() + rest, true
}

// isLoopbackHost accepts localhost, 127.0.0.1 and ::1, which clients use. No client needs
// the other addresses of 127.0.0.0/8.
func isLoopbackHost(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || net.ParseIP(host).Equal(net.IPv6loopback) && strings.Contains(host, ":")
}

// authorityOf returns the authority (RFC 3986 §3.2) of a URI from which the scheme and
// the colon are removed. It returns "" if the URI has no authority.
func authorityOf(rest string) string {
	authority, ok := strings.CutPrefix(rest, "//")
	if !ok {
		return ""
	}
	if i := strings.IndexAny(authority, "/?"); i >= 0 {
		authority = authority[:i]
	}
	return authority
}

// CheckHTTPURL reports whether s is an http or https URL by the contract's rule (C 1.15):
// the scheme is in lowercase letters, the URL can be parsed, and it has a host.
func CheckHTTPURL(s string) bool {
	if !strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "https://") {
		return false
	}
	u, err := url.ParseRequestURI(s)
	return err == nil && u.Host != ""
}
