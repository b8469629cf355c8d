package registration

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAllowlistComparesPartByPart(t *testing.T) {
	// The table of C 2.13 for version 11.9 and later, with its row for private-use schemes.
	contract := []struct {
		pattern, uri string
		want         bool
	}{
		{"https://example.com/*", "https://example.com/cb", true},
		{"https://example.com/*", "https://example.com/", true},
		{"https://example.com/*", "https://example.com/a/b", false},
		{"https://example.com/**", "https://example.com/a/b/c", true},
		{"https://example.com/**", "https://evil.example.com/", false},
		{"https://example.com/**", "https://example.com", false},
		{"https://*.example.com/cb", "https://app.example.com/cb", true},
		{"https://*.example.com/cb", "https://a.b.example.com/cb", true},
		{"https://*.example.com/cb", "https://example.com/cb", false},
		{"https://*.example.com/cb", "https://example.com.evil/cb", false},
		{"https://*.example.com/**", "https://attacker.example.net?x=.example.com/cb", false},
		{"https://*.example.com/**", "https://app.example.com/callback?tenant=foo", false},
		{"https://*.example.com/**?**", "https://app.example.com/callback?tenant=foo", true},
		{"https://*.example.com/**?**", "https://app.example.com/callback", false},
		{"https://app.example.com/callback?tenant=*", "https://app.example.com/callback?tenant=foo", true},
		{"https://app.example.com/callback?tenant=*", "https://app.example.com/callback", false},
		{"https://localhost:*/cb", "https://localhost:3000/cb", true},
		{"http://localhost:*/cb", "http://localhost/cb", false},
		{"http://localhost:*", "http://localhost:8080", true},
		{"http://localhost:*", "http://localhost:8080/cb", false},
		{"http://127.0.0.1:*/**", "http://127.0.0.1:49152/callback", true},
		{"http://[::1]:*/callback", "http://[::1]:49152/callback", true},
		{"https://example.com/cb", "https://EXAMPLE.com/cb", false},
		{"https://example.com/cb", "HTTPS://example.com/cb", true}, // CheckRedirectURI refuses it before
		{"HTTPS://example.com/cb", "https://example.com/cb", false},
		{"https://example.com/cb", "https://user:pw@example.com/cb", true}, // CheckRedirectURI refuses it before
		{"https://example.com/cb", "https://example.com/cb#frag", false},
		{"https://example.com/cb", "https://example.com/cb/", false},
		{"https://example.com/**/deep/**", "https://example.com/deep/", false},
		{"https://example.com/**/deep/**", "https://example.com/x/deep/", true},
		{"com.example.app://callback/**", "com.example.app://callback/x", true},
	}
	for _, tc := range contract {
		require.Equal(t, tc.want, matchAllowlistPattern(tc.pattern, tc.uri), "%s %s", tc.pattern, tc.uri)
	}
}

func TestWildcardsMatchWithinTheirPart(t *testing.T) {
	cases := []struct {
		pattern, uri string
		want         bool
	}{
		// A wildcard does not match into the next part.
		{"https://*/cb", "https://evil.example:8443/cb", true},
		{"https://*/cb", "https://evil.example/x/cb", false},
		{"https://**/cb", "https://evil.example/x/cb", false},
		{"https://*.example.com/cb", "https://evil.example/x.example.com/cb", false},
		{"https://example.com/*", "https://example.com/cb?x=1", false},
		{"https://example.com/**", "https://example.com/cb?", false},
		{"https://example.com/cb?", "https://example.com/cb?", true},
		{"https://example.com/cb?**", "https://example.com/cb?a=/b/c", true},
		{"https://example.com/cb?*", "https://example.com/cb?a=/b/c", false},
		{"https://example.com/cb?a=*", "https://example.com/cb?b=1&a=1", false},
		{"https://example.com/cb", "http://example.com/cb", false},
		{"https://example.com*/cb", "https://example.com:8443/cb", true},
		{"https://**", "https://example.com", true},
		{"https://**", "https://example.com/cb", false},
		{"cursor://**/**", "cursor://anysphere.cursor-mcp/oauth/callback", true},
		{"cursor://**/**", "cursors://anysphere.cursor-mcp/oauth/callback", false},
		{"com.example.app:/**", "com.example.app:/cb", true},
		{"com.example.app:/**", "com.example.app://evil/cb", false},
		{"com.example.app:/**", "com.example.app:cb", false},
		{"https://example.com/a%20b", "https://example.com/a%20b", true},
		// A browser or a server can read these paths as other paths.
		{"https://example.com/app/**", "https://example.com/app/../admin", false},
		{"https://example.com/app/**", "https://example.com/app/%2e%2E/admin", false},
		{"https://example.com/app/**", "https://example.com/app/x%2f..%2Fadmin", false},
		{"https://example.com/app/**", "https://example.com/app/x%5c..%5cadmin", false},
		{"https://example.com/app/**", "https://example.com/app/.", false},
		{"https://example.com/app/**", "https://example.com/app/.well-known/cb", true},
		{"https://example.com/app/**", "https://example.com/app/a..b/...", true},
		{"https://example.com/app/../cb", "https://example.com/app/../cb", true},
		// A browser reads these hosts as other hosts.
		{"https://*.example.com/cb", "https://evil.example／.example.com/cb", false},
		{"https://*.example.com/cb", "https://evil.example℀.example.com/cb", false},
		{"https://*.example.com/cb", "https://evil.example;.example.com/cb", false},
		{"https://*.example.com/cb", "https://%65vil.example.com/cb", false},
		{"https://bücher.example/cb", "https://bücher.example/cb", true},
		// Invalid patterns and invalid URIs match nothing.
		{"", "https://example.com/cb", false},
		{"**", "https://example.com/cb", false},
		{"https://example.com/***", "https://example.com/cb", false},
		{"https://example.com/**", "https://exam ple.com/cb", false},
		{"https://example.com/**", "https://example.com:port/cb", false},
		{"https://example.com/**", "://", false},
		{"https://example.com/**", "", false},
		{"javascript:/**", "javascript:/alert", false},
	}
	for _, tc := range cases {
		require.Equal(t, tc.want, matchAllowlistPattern(tc.pattern, tc.uri), "%s %s", tc.pattern, tc.uri)
	}
}

func TestOneMatchingPatternIsEnough(t *testing.T) {
	require.True(t, allowed(nil, "https://example.com/cb"), "an empty allowlist allows every URI")
	require.True(t, allowed([]string{"https://a.example/*", "https://example.com/*"}, "https://example.com/cb"))
	require.False(t, allowed([]string{"https://a.example/*"}, "https://example.com/cb"))
	require.False(t, allowed([]string{""}, "https://example.com/cb"), "blank entries match nothing")
}

// Attack: a pattern with many wildcards and a URI that nearly matches take a matcher with
// backtracking exponential time.
func TestGlobIsFastForHostilePatterns(t *testing.T) {
	require.False(t, glob(strings.Repeat("**a", 300), strings.Repeat("a", 1000)+"b"))
	require.True(t, glob(strings.Repeat("*", 2), "a/b"))
	require.False(t, glob("*", "a/b"))
	require.True(t, glob("", ""))
	require.True(t, glob("**", ""))
	require.True(t, glob("a*c**e", "abc/d/e"))
	require.False(t, glob("a*c**e", "a/bc/d/e"))
}
