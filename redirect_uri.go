package gatehouse

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// MaxRedirectURILength is the maximum length of a redirect URI in bytes. All redirect
// URIs of an app together have the same maximum (C 1.15).
const MaxRedirectURILength = 1024

// dangerousSchemes run code, read local files or do not belong to an app. RFC 8252 §7.1
// requires a scheme that the app's developer controls. The first six are the contract's
// (C 2.8).
var dangerousSchemes = []string{
	"javascript", "data", "vbscript", "file", "blob", "about",
	"filesystem", "view-source", "intent", "jar", "resource", "chrome", "ws", "wss", "ftp", "mailto", "tel", "sms",
}

var (
	privateUseScheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)
	encodedControl   = regexp.MustCompile(`%[01][0-9A-Fa-f]|%7[Ff]`)
)

// CheckRedirectURI returns a *FieldError for the field redirect_uri if the redirect URI
// breaks a rule. The same rules apply when an app is registered and when it is used, so
// that an invalid URI that entered the database in another way is refused too.
//
// Every app may use http and https (C 1.15). Only public apps may use a private-use
// scheme such as com.example.app:/cb (RFC 8252 §7.1). A fragment (RFC 6749 §3.1.2), user
// information, a backslash and a control character, also percent-encoded, are refused,
// because parsers disagree about the host of such a URI.
func CheckRedirectURI(uri string, public bool) error {
	refuse := func(message string) error { return &FieldError{Field: "redirect_uri", Message: message} }
	switch {
	case uri == "":
		return refuse("The redirect URI is empty.")
	case len(uri) > MaxRedirectURILength:
		return refuse("The redirect URI is longer than 1024 bytes.")
	case strings.ContainsFunc(uri, func(r rune) bool { return r < 0x20 || r == 0x7f || (r >= 0x80 && r <= 0x9f) }), encodedControl.MatchString(uri):
		return refuse("The redirect URI contains a control character. Remove it.")
	case strings.Contains(uri, `\`):
		return refuse("The redirect URI contains a backslash. Use a slash instead.")
	case strings.Contains(uri, "#"):
		return refuse("The redirect URI has a fragment (#…). Remove it.")
	}
	u, err := url.ParseRequestURI(uri)
	if err != nil || u.Scheme == "" {
		return refuse("The redirect URI is not an absolute URL such as https://app.example.com/callback.")
	}
	scheme, rest, _ := strings.Cut(uri, ":")
	if authority := authorityOf(rest); u.User != nil || strings.Contains(authority, "@") || strings.Contains(authority, "%") {
		return refuse("The redirect URI contains a user name or a percent-encoded host. Remove the user name, and write the host without percent-encoding.")
	}
	switch {
	case scheme == "http" || scheme == "https":
		if u.Hostname() == "" {
			return refuse("The redirect URI has no host. It must look like https://app.example.com/callback.")
		}
		return nil
	case !privateUseScheme.MatchString(scheme):
		return refuse("The scheme of the redirect URI must be in lowercase letters.")
	case slices.Contains(dangerousSchemes, scheme):
		return refuse(fmt.Sprintf("The scheme %q is not allowed in a redirect URI.", scheme))
	case !strings.HasPrefix(rest, "/"):
		return refuse("A redirect URI with a custom scheme must have a slash after the colon, as in com.example.app:/callback.")
	case !public:
		return refuse("The redirect URI must begin with http:// or https://. Only a public client can use another scheme.")
	}
	return nil
}

// MatchRedirectURI returns the redirect URI that receives the authorization response.
// That is the requested URI if it is equal to a registered URI byte for byte, or if it
// differs from a registered loopback URI only in its port (RFC 8252 §7.3, extended to
// the name localhost, which native clients use). If the request has no redirect URI and
// the app has exactly one, it is that one (RFC 6749 §3.1.2.3). Otherwise ok is false.
//
// The caller must check a requested URI with CheckRedirectURI first.
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
