package gatehouse_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

func TestAllowlistSettingChecksItsPatterns(t *testing.T) {
	for _, good := range []string{
		"", "  ", "https://example.com/*", "https://*.example.com/**?**", "http://localhost:*", "http://[::1]:*/callback", "https://app.example.com/callback?tenant=*",
		"com.example.app://callback/**", "com.example.app:/callback", "cursor://**", "https://*", " https://a.example/* ,\n http://127.0.0.1:*/** ",
		"https://example.com/**/deep/**", "https://example.com/a%2Fb",
	} {
		require.NoError(t, gatehouse.CheckSetting(gatehouse.SettingDCRRedirectURIAllowlist, good), "%q", good)
	}
	for bad, says := range map[string]string{
		",": "empty", "https://a.example/*,": "empty", "https://a.example/*, ,https://b.example/*": "empty",
		"HTTPS://example.com/cb": "lowercase", "example.com/*": "must begin", "*": "must begin", "*://example.com/**": "must begin", "//example.com": "must begin",
		"https://example.com/***": "***", "https://example.com/\x00": "control character", "https://a.example/*\nhttps://b.example/*": "line break", "https://exa mple.com": "space",
		"https://user@example.com/*": "user name", "https://example.com/cb#x": "fragment", `https://example.com\*`: "backslash", "https://ex%61mple.com/*": "encoded",
		"https:///cb": "no host", "https:/cb": "no host", "http:*": "no host", "com.example.app:*": "slash", "com.example.app:": "slash",
		"javascript:/**": "not allowed", "javascript://**": "not allowed", "data:/**": "not allowed", "vbscript:/**": "not allowed", "file:///**": "not allowed", "blob://*": "not allowed", "about:/**": "not allowed",
		"https://example.com/" + strings.Repeat("a", 1024): "longer",
	} {
		err := gatehouse.CheckSetting(gatehouse.SettingDCRRedirectURIAllowlist, bad)
		var field *gatehouse.FieldError
		require.ErrorAs(t, err, &field, "%q", bad)
		require.Contains(t, field.Message, says, "%q", bad)
		require.True(t, strings.HasSuffix(field.Message, "."), field.Message)
	}
}

// A pattern whose scheme registration refuses would match nothing. It is refused when it is
// set; one that an earlier version stored stays readable.
func TestAllowlistRefusesSchemesThatRegistrationRefuses(t *testing.T) {
	for _, pattern := range []string{
		"myapp:/**", "myapp://callback", "ms-msdt:/**", "search-ms://*", "smb://**", "chrome-extension://*/**", "x-apple.help:/**", "ssh://*", "shell:/**",
		"intent://**", "wss://**", "ftp://ftp.example.com/**", "vnc://*", "steam://run/**",
	} {
		var field *gatehouse.FieldError
		require.ErrorAs(t, gatehouse.CheckSetting(gatehouse.SettingDCRRedirectURIAllowlist, "https://a.example/*,"+pattern), &field, pattern)
		scheme, _, _ := strings.Cut(pattern, ":")
		require.Contains(t, field.Message, `The scheme "`+scheme+`" is not allowed in a redirect URI.`)
		uri := strings.NewReplacer("**", "x", "*", "x").Replace(pattern)
		require.Error(t, gatehouse.CheckRedirectURI(uri, true), "registration refuses it too: %s", uri)
	}
	for _, pattern := range []string{"http://localhost:*", "com.example.app:/**", "cursor://*/**", "vscode://**", "xn--bcher-kva.app:/**"} {
		require.NoError(t, gatehouse.CheckSetting(gatehouse.SettingDCRRedirectURIAllowlist, pattern))
		require.NoError(t, gatehouse.CheckRedirectURI(strings.NewReplacer("**", "x", ":*", ":1", "*", "x").Replace(pattern), true), pattern)
	}
	s, err := gatehouse.ParseSettings(map[string]string{gatehouse.SettingDCRRedirectURIAllowlist: "myapp:/**"}, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"myapp:/**"}, s.DCRRedirectURIAllowlist)
}

func TestCheckAllowlistPattern(t *testing.T) {
	require.NoError(t, gatehouse.CheckAllowlistPattern("https://example.com/**"))
	var field *gatehouse.FieldError
	require.ErrorAs(t, gatehouse.CheckAllowlistPattern(""), &field)
	require.Equal(t, gatehouse.SettingDCRRedirectURIAllowlist, field.Field)
}

func TestAllowlistPatternsAreTrimmed(t *testing.T) {
	s, err := gatehouse.ParseSettings(map[string]string{gatehouse.SettingDCRRedirectURIAllowlist: " https://a.example/* ,\nhttp://localhost:* "}, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"https://a.example/*", "http://localhost:*"}, s.DCRRedirectURIAllowlist)
	require.Equal(t, "https://a.example/*,http://localhost:*", s.Value(gatehouse.SettingDCRRedirectURIAllowlist))
}

func TestLifetimesOfSelfRegisteredAppsHaveDefaults(t *testing.T) {
	s, err := gatehouse.ParseSettings(nil, nil)
	require.NoError(t, err)
	require.Equal(t, 7*24*time.Hour, s.DCRUnusedLifetime)
	require.Equal(t, 90*24*time.Hour, s.DCRIdleLifetime)
	require.Error(t, gatehouse.CheckSetting(gatehouse.SettingDCRUnusedLifetime, "0"))
	require.Error(t, gatehouse.CheckSetting(gatehouse.SettingDCRIdleLifetime, "never"))
}
