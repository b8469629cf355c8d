package gatehouse

import (
	"regexp"
	"slices"
	"strings"
)

// scheme, //, authority, path and query of a pattern
var allowlistPattern = regexp.MustCompile(`^([a-z][a-z0-9+.-]*):(//)?([^/?]*)(.*)$`)

// CheckAllowlistPattern reports what is wrong with a pattern of the allowlist of
// redirect URIs (C 2.13), as a *FieldError. A pattern is a redirect URI in which
// * stands for any run of characters without a slash, and ** for any run. What
// could never match a valid redirect URI is refused: somebody meant something else.
func CheckAllowlistPattern(pattern string) error {
	if problem := allowlistProblem(pattern); problem != "" {
		return &FieldError{Field: SettingDCRRedirectURIAllowlist, Message: problem}
	}
	return nil
}

func allowlistProblem(pattern string) string {
	switch {
	case pattern == "":
		return "One of the patterns is empty. Please take the superfluous comma out."
	case len(pattern) > MaxRedirectURILength:
		return "A pattern is longer than 1024 bytes."
	case strings.ContainsFunc(pattern, func(r rune) bool { return r <= ' ' || (r >= 0x7f && r <= 0xa0) }):
		return "A pattern holds a space, a line break or a control character. Please separate patterns by commas."
	}
	parts := allowlistPattern.FindStringSubmatch(pattern)
	if parts == nil {
		return "Each pattern must begin with http://, https:// or the scheme of an app, in lower case, such as https://*.example.com/**."
	}
	scheme, slashes, authority := parts[1], parts[2], parts[3]
	isHTTP := scheme == "http" || scheme == "https"
	switch {
	case strings.Contains(pattern, "***"):
		return "*** means nothing in a pattern: * stands for anything without a slash, ** for anything."
	case strings.ContainsAny(pattern, `#\`) || strings.ContainsAny(authority, "@%"):
		return "A pattern holds a fragment (#), a backslash, a user name or an encoded host, which no redirect URI may have."
	case slices.Contains(dangerousSchemes, scheme):
		return "The scheme " + scheme + ": is not allowed in a redirect URI."
	case isHTTP && (slashes == "" || authority == ""):
		return "A pattern has no host. It must look like https://app.example.com/callback."
	case slashes == "" && (authority != "" || !strings.HasPrefix(parts[4], "/")):
		return "A pattern with a scheme of its own must go on with a slash, such as com.example.app:/callback."
	}
	return ""
}
