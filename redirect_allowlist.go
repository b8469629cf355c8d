package gatehouse

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// allowlistPattern captures the scheme, //, the authority, and the path with the query.
var allowlistPattern = regexp.MustCompile(`^([a-z][a-z0-9+.-]*):(//)?([^/?]*)(.*)$`)

// CheckAllowlistPattern returns a *FieldError if a pattern of the allowlist of redirect
// URIs breaks a rule (C 2.13). A pattern is a redirect URI in which * matches any number
// of characters except a slash, and ** matches any number of any characters. A pattern
// that can't match a valid redirect URI is refused, because it is a mistake.
func CheckAllowlistPattern(pattern string) error {
	if problem := allowlistProblem(pattern); problem != "" {
		return &FieldError{Field: SettingDCRRedirectURIAllowlist, Message: problem}
	}
	return nil
}

// allowlistProblem returns a sentence that says which rule the pattern breaks, or "".
func allowlistProblem(pattern string) string {
	switch {
	case pattern == "":
		return "One of the patterns is empty. Remove the extra comma."
	case len(pattern) > MaxRedirectURILength:
		return "A pattern is longer than 1024 bytes."
	case strings.ContainsFunc(pattern, func(r rune) bool { return r <= ' ' || (r >= 0x7f && r <= 0xa0) }):
		return "A pattern contains a space, a line break or a control character. Separate patterns with commas."
	}
	parts := allowlistPattern.FindStringSubmatch(pattern)
	if parts == nil {
		return "Each pattern must begin with http://, https:// or the scheme of an app, in lowercase letters. An example is https://*.example.com/**."
	}
	scheme, slashes, authority := parts[1], parts[2], parts[3]
	isHTTP := scheme == "http" || scheme == "https"
	switch {
	case strings.Contains(pattern, "***"):
		return "A pattern can't contain ***. Use * for any characters except a slash, and ** for any characters."
	case strings.ContainsAny(pattern, `#\`) || strings.ContainsAny(authority, "@%"):
		return "A pattern contains a fragment (#), a backslash, a user name or a percent-encoded host. A redirect URI can't contain any of these."
	case slices.Contains(dangerousSchemes, scheme):
		return fmt.Sprintf("The scheme %q is not allowed in a redirect URI.", scheme)
	case isHTTP && (slashes == "" || authority == ""):
		return "A pattern has no host. It must look like https://app.example.com/callback."
	case slashes == "" && (authority != "" || !strings.HasPrefix(parts[4], "/")):
		return "A pattern with a private-use scheme must have a slash after the colon, as in com.example.app:/callback."
	}
	return ""
}

// checkAllowlistSchemes returns a *FieldError if no redirect URI with the scheme of a pattern
// can be registered: the pattern would match nothing. ParseSettings does not check it, because
// a pattern that an earlier version stored must not make the settings unreadable.
func checkAllowlistSchemes(patterns []string) error {
	for _, pattern := range patterns {
		scheme, _, _ := strings.Cut(pattern, ":")
		if problem := schemeProblem(scheme); problem != "" {
			return &FieldError{Field: SettingDCRRedirectURIAllowlist, Message: problem}
		}
	}
	return nil
}
