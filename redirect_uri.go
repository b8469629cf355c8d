package gatehouse

import (
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// MaxRedirectURILength bounds one redirect URI; all of an app's together may
// have as many bytes (C 1.15).
const MaxRedirectURILength = 1024

// Schemes that run code, read local files or leave the web; RFC 8252 §7.1 asks
// for schemes that belong to the app. The first six are the contract's (C 2.8).
var dangerousSchemes = []string{
	"javascript", "data", "vbscript", "file", "blob", "about",
	"filesystem", "view-source", "intent", "jar", "resource", "chrome", "ws", "wss", "ftp", "mailto", "tel", "sms",
}

var (
	privateUseScheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)
	encodedControl   = regexp.MustCompile(`%[01][0-9A-Fa-f]|%7[Ff]`)
)

// CheckRedirectURI reports what is wrong with a redirect URI, as a *FieldError
// whose field is redirect_uri. The same rules hold when an app is registered
// and when it is used, so that a row that got in some other way is still refused.
//
// http and https are open to every app (C 1.15); a private-use scheme such as
// com.example.app:/cb only to public ones (RFC 8252 §7.1). A fragment
// (RFC 6749 §3.1.2), user information, a backslash and control characters,
// also percent-encoded, are refused: parsers disagree about where such a URI leads.
func CheckRedirectURI(uri string, public bool) error {
	refuse := func(message string) error { return &FieldError{Field: "redirect_uri", Message: message} }
	switch {
	case uri == "":
		return refuse("The redirect URI is empty.")
	case len(uri) > MaxRedirectURILength:
		return refuse("The redirect URI is longer than 1024 bytes.")
	case strings.ContainsFunc(uri, func(r rune) bool { return r < 0x20 || r == 0x7f || (r >= 0x80 && r <= 0x9f) }), encodedControl.MatchString(uri):
		return refuse("The redirect URI holds a control character.")
	case strings.Contains(uri, `\`):
		return refuse("The redirect URI holds a backslash; use a slash.")
	case strings.Contains(uri, "#"):
		return refuse("The redirect URI has a fragment (#…); leave it out.")
	}
	u, err := url.ParseRequestURI(uri)
	if err != nil || u.Scheme == "" {
		return refuse("The redirect URI is no absolute URL, such as https://app.example.com/callback.")
	}
	scheme, rest, _ := strings.Cut(uri, ":")
	if authority := authorityOf(rest); u.User != nil || strings.Contains(authority, "@") || strings.Contains(authority, "%") {
		return refuse("The redirect URI holds a user name or an encoded character before its host; leave it out.")
	}
	switch {
	case scheme == "http" || scheme == "https":
		if u.Hostname() == "" {
			return refuse("The redirect URI has no host.")
		}
		return nil
	case !privateUseScheme.MatchString(scheme):
		return refuse("The scheme of the redirect URI must be in lower case.")
	case slices.Contains(dangerousSchemes, scheme):
		return refuse("The scheme " + scheme + ": is not allowed in a redirect URI.")
	case !strings.HasPrefix(rest, "/"):
		return refuse("A redirect URI with a scheme of its own must go on with a slash, such as com.example.app:/callback.")
	case !public:
		return refuse("The redirect URI must begin with http:// or https://; other schemes are for public clients.")
	}
	return nil
}

// MatchRedirectURI returns the URI that an authorization request is answered
// at: the requested one if it is registered, byte for byte, or differs from a
// registered loopback URI in its port only (RFC 8252 §7.3, extended to the name
// localhost, which native clients use); or the registered one if there is just
// one and the request names none (RFC 6749 §3.1.2.3).
// The caller has checked requested with CheckRedirectURI, if it is not empty.
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

// IsLoopbackRedirectURI reports whether the answer stays on the user's computer.
func IsLoopbackRedirectURI(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && isLoopbackHost(u.Hostname())
}

// RedirectOrigin is the part of a redirect URI that says who receives the
// answer, in the form that a Content-Security-Policy takes: "https://host:port",
// or "com.example.app:" for a private-use scheme.
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

// loopbackWithoutPort returns the URI with its port cut out, if it is an http
// loopback URI. Everything else of it stays as written: path and query are
// compared byte for byte.
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

// isLoopbackHost knows the three spellings that clients use. Other addresses of
// 127.0.0.0/8 are not excused their port: no client needs them.
func isLoopbackHost(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || net.ParseIP(host).Equal(net.IPv6loopback) && strings.Contains(host, ":")
}

// authorityOf returns what stands between // and the next delimiter.
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

// CheckHTTPURL reports whether s is an http or https URL by the contract's rule
// (C 1.15): a lower-case scheme, a URL that parses, a host.
func CheckHTTPURL(s string) bool {
	if !strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "https://") {
		return false
	}
	u, err := url.ParseRequestURI(s)
	return err == nil && u.Host != ""
}
