package compose_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSignInContinuesOnAnotherNode(t *testing.T) {
	newUser(t, "ann")
	a, b := newApp(t), newBrowser(t)
	one, two, three := direct(t, 0), direct(t, 1), direct(t, 2)

	b.signIn(t, one, "ann", password)
	page, err := b.get(t.Context(), two, "/oauth/authorize?"+a.query())
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, page.StatusCode, "the consent page is shown")
	agreed, err := b.submit(t.Context(), three, page, "decision", url.Values{"decision": {"allow"}})
	require.NoError(t, err)
	location, err := agreed.Location()
	require.NoError(t, err, agreed.body)
	got := a.mustRedeem(t, one, location.Query().Get("code"))
	requireMe(t, http.StatusOK, got.Access)
	again := a.mustRefresh(t, two, got.Refresh)
	requireMe(t, http.StatusOK, again.Access)
	a.mustRefresh(t, three, again.Refresh)

	code := b.mustCode(t, three, a)
	require.NotEmpty(t, code, "the consent is remembered on every node")
}

func TestOneSignInServesAllApps(t *testing.T) {
	newUser(t, "sso")
	b, via := newBrowser(t), proxied(t)
	b.signIn(t, via, "sso", password)
	for range 5 {
		a := newApp(t, "--trusted")
		got := a.mustRedeem(t, via, b.mustCode(t, via, a))
		requireMe(t, http.StatusOK, got.Access)
	}
}

func TestSettingsApplyOnAllNodesWithinASecond(t *testing.T) {
	b, one := newBrowser(t), direct(t, 0)
	b.signIn(t, one, "admin", adminPassword(t))
	a := newApp(t, "--trusted")
	for _, c := range []struct {
		value  string
		status int
	}{{"false", http.StatusNotImplemented}, {"true", http.StatusBadRequest}} {
		for _, via := range directs(t) { // the node reads the setting into its memory
			_, err := a.redeem(t.Context(), via, "x")
			require.NoError(t, err)
		}
		const key = "enable_oauth_service_provider"
		page, err := b.get(t.Context(), one, "/console")
		require.NoError(t, err)
		saved, err := b.submit(t.Context(), one, page, key, url.Values{key: {c.value}})
		require.NoError(t, err)
		require.Equal(t, http.StatusSeeOther, saved.StatusCode, saved.body)

		at := time.Now()
		got, err := a.redeem(t.Context(), one, "x")
		require.NoError(t, err)
		require.Equal(t, c.status, got.status, "the node that changed the setting applies it immediately")
		for n, via := range directs(t) {
			require.Eventually(t, func() bool {
				asked := time.Now()
				got, err := a.redeem(t.Context(), via, "x")
				if err == nil && got.status == c.status {
					return true
				}
				require.Less(t, asked.Sub(at), time.Second, nodes()[n])
				return false
			}, patience, 20*time.Millisecond)
		}
	}
}

func adminPassword(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(sh(t, `compose run --rm --no-deps -T init show admin-password`))
}
