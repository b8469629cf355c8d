package registration

import (
	"net/url"
	"regexp"
	"strings"

	"gatehouse"
)

// allowed reports whether a client may register uri by the allowlist of redirect URIs
// (C 2.13). An empty allowlist allows every URI.
func allowed(patterns []string, uri string) bool {
	for _, pattern := range patterns {
		if matchAllowlistPattern(pattern, uri) {
			return true
		}
	}
	return len(patterns) == 0
}

// matchAllowlistPattern compares the scheme, the host with its port, the path and the query
// separately, so that a wildcard matches only within its own part: the host of
// https://attacker.example?x=.example.com/cb does not match *.example.com. A pattern without
// a query matches only URIs without a query, and a pattern with a query only URIs with one.
// An invalid pattern and a URI that can't be parsed match nothing.
//
// User information is not compared, because gatehouse.CheckRedirectURI has refused it.
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
	// plainHost has the characters that a wildcard may match in a host. Browsers map some
	// other characters, such as the fullwidth slash, to characters that end a host.
	plainHost = regexp.MustCompile(`^[A-Za-z0-9._:\[\]-]*$`)
	// dotSegment finds . and .. in a path. Browsers, and servers that decode the path once
	// more, read /app/../x as /x, which /app/** must not match.
	dotSegment = regexp.MustCompile(`(?i)(^|/|%2f|%5c)(\.|%2e){1,2}($|/|%2f|%5c)`)
)

// glob reports whether the pattern matches all of s. * matches zero or more bytes except a
// slash, and ** matches zero or more bytes. Its time is proportional to the product of both
// lengths, also for hostile patterns.
func glob(pattern, s string) bool {
	// reached[i] reports whether the part of the pattern that was read so far matches s[:i].
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
