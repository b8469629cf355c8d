package registration

import (
	"net/url"
	"regexp"
	"strings"

	"gatehouse"
)

// allowed reports whether the allowlist of redirect URIs lets a client register
// uri (C 2.13). An empty list lets everything through.
func allowed(patterns []string, uri string) bool {
	for _, pattern := range patterns {
		if matchAllowlistPattern(pattern, uri) {
			return true
		}
	}
	return len(patterns) == 0
}

// matchAllowlistPattern compares scheme, host with port, path and query one by
// one, so that a wildcard of one never reaches into the next: in
// https://attacker.example?x=.example.com/cb the host is not *.example.com.
// A pattern without a query wants a URI without one, and the other way round.
// A pattern that is invalid and a URI that cannot be parsed match nothing.
//
// User information is not compared: gatehouse.CheckRedirectURI has refused it.
func matchAllowlistPattern(pattern, uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || gatehouse.CheckAllowlistPattern(pattern) != nil || strings.Contains(uri, "#") || u.Opaque != "" {
		return false
	}
	scheme, rest, _ := strings.Cut(pattern, ":")
	rest, query, hasQuery := strings.Cut(rest, "?")
	host, path := "", rest
	if authority, ok := strings.CutPrefix(rest, "//"); ok {
		end := strings.IndexByte(authority+"/", '/')
		host, path = authority[:end], authority[end:]
	}
	return u.Scheme == scheme &&
		(host == u.Host || plainHost.MatchString(u.Host) && glob(host, u.Host)) &&
		(path == u.EscapedPath() || !dotSegment.MatchString(u.EscapedPath()) && glob(path, u.EscapedPath())) &&
		hasQuery == (u.ForceQuery || u.RawQuery != "") && glob(query, u.RawQuery)
}

var (
	// What a wildcard may stand for in a host. Browsers map some other characters,
	// such as the fullwidth slash, to ones that end a host.
	plainHost = regexp.MustCompile(`^[A-Za-z0-9._:\[\]-]*$`)
	// Browsers, and servers that decode the path once more, take /app/../x for /x:
	// it is not below /app/**.
	dotSegment = regexp.MustCompile(`(?i)(^|/|%2f|%5c)(\.|%2e){1,2}($|/|%2f|%5c)`)
)

// glob reports whether the pattern matches all of s: * is any run of bytes
// without a slash, also an empty one, and ** is any run. It takes time in
// proportion to the lengths of both.
func glob(pattern, s string) bool {
	// reached[i]: what we have read of the pattern matches s[:i].
	reached := make([]bool, len(s)+1)
	reached[0] = true
	for pattern != "" {
		next := make([]bool, len(s)+1)
		switch {
		case strings.HasPrefix(pattern, "**"):
			next[0] = reached[0]
			for i := range len(s) {
				next[i+1] = reached[i+1] || next[i]
			}
			pattern = pattern[2:]
		case pattern[0] == '*':
			next[0] = reached[0]
			for i := range len(s) {
				next[i+1] = reached[i+1] || next[i] && s[i] != '/'
			}
			pattern = pattern[1:]
		default:
			for i := range len(s) {
				next[i+1] = reached[i] && s[i] == pattern[0]
			}
			pattern = pattern[1:]
		}
		reached = next
	}
	return reached[len(s)]
}
