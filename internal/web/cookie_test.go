package web_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/web"
)

func TestCookieNameBelongsToOneSite(t *testing.T) {
	seen := map[string]string{}
	for site, want := range map[string]string{
		"http://nas.lan:8065":         `^session_[0-9a-f]{8}$`,
		"http://nas.lan:8066":         `^session_[0-9a-f]{8}$`,
		"http://nas.lan/sso":          `^session_[0-9a-f]{8}$`,
		"https://nas.lan":             `^__Host-session_[0-9a-f]{8}$`,
		"https://nas.lan:8443":        `^__Host-session_[0-9a-f]{8}$`,
		"https://nas.lan/sso":         `^__Secure-session_[0-9a-f]{8}$`,
		"https://nas.lan/sso-staging": `^__Secure-session_[0-9a-f]{8}$`,
	} {
		u, err := url.Parse(site)
		require.NoError(t, err)
		name := web.CookieName(u, "session")
		require.Regexp(t, want, name, site)
		require.Equal(t, name, web.CookieName(u, "session"), "the same on each node")
		require.Empty(t, seen[name], "%s and %s", site, seen[name])
		seen[name] = site
	}
}
