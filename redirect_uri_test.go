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

// TestRedirectURIsThatCanNeverMatchAreRefused has the redirect URIs that no authorization
// request can use, with the text that the refusal has.
func TestRedirectURIsThatCanNeverMatchAreRefused(t *testing.T) {
	const wildcard = "Wildcards are not supported: register each callback URL, or a loopback URL, which may use any port."
	const port, host, nothing = "from 1 to 65535", "not a valid host name", "needs a host or a path"
	for uri, says := range map[string]string{
		"*": wildcard, "*://app.example.com/cb": wildcard, "http*://app.example.com/cb": wildcard,
		"https://*": wildcard, "https://*/cb": wildcard, "https://*.example.com/cb": wildcard, "https://app.*.com/cb": wildcard, "https://app-*.example.com/cb": wildcard,
		"https://*.example.com:8443/cb?x=1": wildcard, "https://app.example.com:*/cb": wildcard, "http://localhost:*/callback": wildcard, "http://127.0.0.1:*": wildcard,
		"http://[::1]:*/cb": wildcard, "http://*:8080/": wildcard, "https://app.example.com/*": wildcard, "https://app.example.com/**": wildcard, "https://app.example.com/*/cb": wildcard,
		"https://app.example.com/a/**?x=1": wildcard, "cursor://*": wildcard, "cursor://*/cb": wildcard, "com.example.app://*": wildcard, "com.example.app:/*": wildcard, "com.example.*:/cb": wildcard,

		"https://app.example.com:99999/cb": port, "https://app.example.com:65536/cb": port, "https://app.example.com:0/cb": port, "https://app.example.com:-1/cb": port,
		"https://app.example.com:+1/cb": port, "https://app.example.com:port/cb": port, "https://app.example.com:80a/cb": port, "https://app.example.com:18446744073709551617/cb": port,
		"http://127.0.0.1:99999/cb": port, "http://localhost:70000": port, "http://[::1]:65536/": port, "https://a:b:c/": port,

		"https://": "no host", "https:///cb": "no host", "https://?x=1": "no host", "https://:443/cb": "no host", "http://:/": "no host",
		"https://app!.example.com/": host, "https://a,b.example.com/": host, "https://$host/cb": host, "https://(app)/cb": host, "https://app.example.com;x/cb": host,
		"https://a+b.example.com/": host, "https://a=b.example.com/": host, "https://a'b.example.com/": host, "https://a&b.example.com/": host, "https://a~b.example.com/": host,
		"https://./cb": host, "https://../cb": host, "https://a..b/cb": host, "https://.example.com/cb": host, "https://app.example.com../cb": host,
		"https://" + strings.Repeat("a", 64) + ".example.com/": host, "https://" + strings.Repeat("a.", 130) + "com/": host,
		"https://evil.example\uff0fx.example.com/": host, "https://a\u3000b/": host, "https://\u202eexample.com/": host,
		"https://256.1.1.1/": host, "https://1.2.3.4.5/": host, "https://example.1/": host, "https://app.example.com.999/": host, "https://4294967296/": host,
		"https://[::ffff]x/cb": "", "https://[1.2.3.4]/cb": "", "https://[::g]/": "", "https://[]/cb": "",

		"cursor:": "", "cursor:/": nothing, "cursor://": nothing, "cursor:///": nothing, "cursor:///cb": nothing, "cursor://?x=1": nothing, "cursor:/callback": nothing,
		"com.example.app:": "", "com.example.app://": nothing, "com.example.app:///": nothing, "com.example.app://?code=1": nothing, "vscode://": nothing,
	} {
		err := gatehouse.CheckRedirectURI(uri, true)
		var field *gatehouse.FieldError
		require.ErrorAs(t, err, &field, "%q", uri)
		require.Contains(t, field.Message, says, "%q", uri)
	}
	for _, uri := range []string{
		"https://app.example.com:65535/cb", "https://app.example.com:1/", "http://localhost:0/cb", "http://127.0.0.1:0/", "http://[::1]:0/cb", "http://[::1]/cb", "https://[2001:db8::1]:8443/cb",
		"https://app_1.internal/cb", "http://web/cb", "https://app.example.com./cb", "https://bücher.example/cb", "https://клод.example/", "https://xn--bcher-kva.example/cb",
		"https://r3---sn-a.example.com/", "https://192.0.2.1/cb", "http://127.1/cb", "https://0x7f.1/cb", "https://1app.example.com/", "https://app.example.com/cb?next=*", "https://app.example.com/a*b",
		"https://app.example.com/cb/2*", "com.example.app:/", "com.example.app:///cb", "com.example.app://cb",
	} {
		require.NoError(t, gatehouse.CheckRedirectURI(uri, true), "%q", uri)
	}
}

func TestASchemeMustBelongToAnApp(t *testing.T) {
	for _, uri := range []string{
		"cursor://anysphere.cursor-mcp/oauth/callback", "vscode://ms-vscode.mcp/callback", "vscode-insiders://publisher.extension/callback", "claude://oauth/callback", "zed://oauth",
		"windsurf://codeium.windsurf/callback", "com.raycast:/oauth", "raycast://oauth?package_name=Extension", "com.example.app:/cb", "com.example.my-app://cb", "org.example.app+dev:/cb",
		"com.googleusercontent.apps.123-abc:/oauth2redirect", "io.example:/cb", "xn--p1ai.example:/cb",
	} {
		require.NoError(t, gatehouse.CheckRedirectURI(uri, true), "%q", uri)
		require.Error(t, gatehouse.CheckRedirectURI(uri, false), "%q", uri)
	}
	// These schemes are refused also if they are in the database already.
	for _, scheme := range []string{
		"ms-msdt", "search-ms", "ms-search", "ms-settings", "ms-word", "ms-cxh-full", "ms-appinstaller", "microsoft-edge", "microsoft.windows.camera", "smb", "shell", "search", "chrome-extension",
		"moz-extension", "safari-web-extension", "x-apple.systempreferences", "x-man-page", "ssh", "ldap", "apt", "javascript", "file", "data", "intent", "chrome", "resource", "ftp",
	} {
		for _, rest := range []string{":/x", "://host/path", ":///x"} {
			require.Error(t, gatehouse.CheckRedirectURI(scheme+rest, true), "%q", scheme+rest)
			require.Error(t, gatehouse.CheckRequestedRedirectURI(scheme+rest, true), "%q", scheme+rest)
		}
	}
	// These schemes belong to no app either. A list can't name them all; the rule refuses them.
	for _, scheme := range []string{
		"steam", "shortcuts", "applescript", "itms-services", "jnlp", "zoommtg", "telnet", "rdp", "vnc", "sftp", "afp", "nfs", "onenote", "calculator", "help", "git", "irc", "magnet", "urn", "dav", "admin",
		"message", "prefs", "myapp", "unknown-tool", "cursors", "cursor.", "vscode-evil", "c.d", "a.b.c", "1.2", "soap..beep", "z39.50", "cursor-ms",
	} {
		err := gatehouse.CheckRedirectURI(scheme+"://host/path", true)
		require.Error(t, err, "%q", scheme)
	}
	var field *gatehouse.FieldError
	require.ErrorAs(t, gatehouse.CheckRedirectURI("steam://host/path", true), &field)
	require.Contains(t, field.Message, "must be a domain name in reverse order, such as com.example.app (RFC 8252)")
}

// A redirect URI that was registered before the rule for its scheme existed keeps working.
func TestAnEarlierRedirectURIKeepsWorking(t *testing.T) {
	for _, uri := range []string{"myapp://callback", "myapp:/cb", "cursor:///cb", "https://app.example.com/*"} {
		require.Error(t, gatehouse.CheckRedirectURI(uri, true), "%q", uri)
		require.NoError(t, gatehouse.CheckRequestedRedirectURI(uri, true), "%q", uri)
	}
}
