package gatehouse_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

func TestCheckRedirectURI(t *testing.T) {
	cases := []struct {
		uri            string
		confidentialOK bool
		publicOK       bool
	}{
		{"https://app.example.com/cb", true, true},
		{"http://app.example.com", true, true},
		{"https://app.example.com:8443/cb?tenant=a&b=c", true, true},
		{"https://app.example.com/a b", true, true}, // valid in the contract (C 1.15)
		{"http://localhost:3000/cb", true, true},
		{"http://127.0.0.1/cb", true, true},
		{"http://[::1]:8080/cb", true, true},
		{"https://bücher.example/cb", true, true},
		{"com.example.app:/oauth", false, true},
		{"com.example.app://callback/x", false, true},
		{"cursor://anysphere.cursor-mcp/oauth/callback", false, true},

		{"", false, false},
		{"/cb", false, false},
		{"//evil.example.com/cb", false, false},
		{"app.example.com/cb", false, false},
		{"https://", false, false},
		{"https:///cb", false, false},
		{"http://:8080/cb", false, false},
		{"https:app.example.com", false, false},
		{"HTTPS://app.example.com/cb", false, false},
		{"Https://app.example.com/cb", false, false},
		{"https://app.example.com/cb#", false, false},
		{"https://app.example.com/cb#frag", false, false},
		{"https://user@app.example.com/cb", false, false},
		{"https://user:pw@app.example.com/cb", false, false},
		{"https://good.com:443@evil.com/", false, false},
		{"https://@app.example.com/", false, false},
		{"http://user@127.0.0.1:99/cb", false, false},
		{`https://app.example.com\@evil.example.com`, false, false},
		{`https:\\app.example.com`, false, false},
		{"https://app.example.com/\x00", false, false},
		{"https://app.example.com/\r\nX: y", false, false},
		{"https://app.example.com/\u0085", false, false},
		{"https://app.example.com/%00", false, false},
		{"https://app.example.com/%0d%0aX:y", false, false},
		{"https://app.example.com/%7f", false, false},
		{"https://ev%69l.example.com/", false, false},
		{"https://app.example.com:port/", false, false},
		{"https://app.example .com/", false, false},
		{" https://app.example.com/", false, false},
		{"https://[fe80::1%25eth0]/", false, false},
		{"javascript:alert(1)", false, false},
		{"javascript://app.example.com/%0aalert(1)", false, false},
		{"JavaScript:alert(1)", false, false},
		{"data:text/html,x", false, false},
		{"vbscript:x", false, false},
		{"file:///etc/passwd", false, false},
		{"blob:https://app.example.com/x", false, false},
		{"about:blank", false, false},
		{"intent://x/#Intent;end", false, false},
		{"view-source://x/", false, false},
		{"com.example.app:opaque", false, false},
		{"Com.Example.App:/cb", false, false},
		{"com.example.app://user@host/", false, false},
		{"https://app.example.com/" + strings.Repeat("a", 1024), false, false},
	}
	for _, tc := range cases {
		t.Run(tc.uri[:min(len(tc.uri), 60)], func(t *testing.T) {
			for public, ok := range map[bool]bool{false: tc.confidentialOK, true: tc.publicOK} {
				err := gatehouse.CheckRedirectURI(tc.uri, public)
				if ok {
					require.NoError(t, err, "public=%v", public)
					continue
				}
				var field *gatehouse.FieldError
				require.ErrorAs(t, err, &field, "public=%v", public)
				require.Equal(t, "redirect_uri", field.Field)
			}
		})
	}
}

func TestMatchRedirectURI(t *testing.T) {
	one := []string{"https://app.example.com/cb"}
	two := []string{"https://app.example.com/cb", "http://127.0.0.1:1/cb", "http://localhost/cb?x=1", "http://[::1]/cb"}
	cases := []struct {
		name, requested, want string
		registered            []string
	}{
		{"exact", one[0], one[0], one},
		{"missing, one registered", "", one[0], one},
		{"missing, several registered", "", "", two},
		{"missing, none registered", "", "", nil},
		{"host in another case", "https://App.example.com/cb", "", one},
		{"with an additional slash", "https://app.example.com/cb/", "", one},
		{"another port", "https://app.example.com:443/cb", "", one},
		{"loopback, another port", "http://127.0.0.1:49152/cb", "http://127.0.0.1:49152/cb", two},
		{"loopback, no port", "http://127.0.0.1/cb", "http://127.0.0.1/cb", two},
		{"loopback, another path", "http://127.0.0.1:2/cb2", "", two},
		{"loopback, https", "https://127.0.0.1:1/cb", "", two},
		{"loopback, another address", "http://127.0.0.2:1/cb", "", two},
		{"loopback, another spelling", "http://127.1:1/cb", "", two},
		{"localhost with its query", "http://localhost:7/cb?x=1", "http://localhost:7/cb?x=1", two},
		{"localhost with another query", "http://localhost:7/cb?x=2", "", two},
		{"localhost is not 127.0.0.1", "http://localhost:7/cb", "", two},
		{"localhost in uppercase", "http://LOCALHOST/cb?x=1", "", two},
		{"IPv6", "http://[::1]:9/cb", "http://[::1]:9/cb", two},
		{"IPv6, long form", "http://[0:0:0:0:0:0:0:1]:9/cb", "", two},
		{"a host that begins with localhost", "http://localhost.evil.example.com/cb?x=1", "", two},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := gatehouse.MatchRedirectURI(tc.requested, tc.registered)
			require.Equal(t, tc.want, got)
			require.Equal(t, tc.want != "", ok)
		})
	}
}

func TestRedirectOrigin(t *testing.T) {
	require.Equal(t, "https://app.example.com:8443", gatehouse.RedirectOrigin("https://app.example.com:8443/cb?x"))
	require.Equal(t, "com.example.app:", gatehouse.RedirectOrigin("com.example.app:/cb"))
	require.True(t, gatehouse.IsLoopbackRedirectURI("http://[::1]:8/cb"))
	require.False(t, gatehouse.IsLoopbackRedirectURI("http://localhost.example.com/cb"))
	require.False(t, gatehouse.IsLoopbackRedirectURI("com.example.app:/cb"))
}

// FuzzCheckRedirectURI checks that an accepted URI leads to the host that its text shows:
// parsing and printing the URI changes neither its scheme nor its authority.
func FuzzCheckRedirectURI(f *testing.F) {
	for _, seed := range []string{"https://app.example.com/cb", "http://[::1]:1/", "com.example.app:/cb", `https://a\@b`, "https://a@b/", "https://a%40b/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		if gatehouse.CheckRedirectURI(uri, true) != nil {
			return
		}
		require.NotContains(t, uri, "#")
		require.NotContains(t, uri, `\`)
		scheme, rest, ok := strings.Cut(uri, ":")
		require.True(t, ok)
		require.Equal(t, strings.ToLower(scheme), scheme)
		if scheme == "http" || scheme == "https" {
			require.True(t, strings.HasPrefix(gatehouse.RedirectOrigin(uri), scheme+"://"))
			authority, _, _ := strings.Cut(strings.TrimPrefix(rest, "//"), "/")
			authority, _, _ = strings.Cut(authority, "?")
			require.Equal(t, scheme+"://"+authority, gatehouse.RedirectOrigin(uri))
		}
	})
}
