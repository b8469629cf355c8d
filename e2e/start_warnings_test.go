package e2e_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testdb"
)

// TestPlainHTTPSiteURLIsReportedAtTheStart: on a public host that is a warning, on a private
// network a note, and on this machine nothing.
func TestPlainHTTPSiteURLIsReportedAtTheStart(t *testing.T) {
	for site, level := range map[string]string{
		"http://sso.example.com":       "WARN",
		"http://203.0.113.7:8065":      "WARN",
		"http://bücher.example.com":    "WARN",
		"http://[2001:db8::7]:8065":    "WARN",
		"http://nas.lan:8065":          "INFO",
		"http://nas:8065/sso":          "INFO",
		"http://gatehouse.home.arpa":   "INFO",
		"http://192.168.1.7:8065":      "INFO",
		"http://[fd00::7]:8065":        "INFO",
		"http://localhost:8065":        "",
		"http://127.0.0.1:8065":        "",
		"http://[::1]:8065":            "",
		"https://sso.example.com":      "",
		"https://sso.example.com:8443": "",
	} {
		p := serve(t, "GATEHOUSE_DATABASE_URL="+testdb.SQLite(t), "GATEHOUSE_SITE_URL="+site)
		line, _ := p.log.find("the site URL is http")
		if level == "" {
			require.Empty(t, line, site)
			continue
		}
		require.Contains(t, line, `"level":"`+level+`"`, site)
		require.Contains(t, line, "GATEHOUSE_TLS_CERT", "it says what to do")
	}
}

func TestMissingSystemAdminIsReportedAtTheStart(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		env := []string{"GATEHOUSE_DATABASE_URL=" + databaseURL, "GATEHOUSE_SECRET=" + sealingSecret}
		const sentence = "none of them is an active System Admin"
		first := serve(t, env...)
		line, _ := first.log.find(sentence)
		require.Empty(t, line, "there is no user yet, so the set-up link is enough")
		run(t, env, "user", "create", "--username", "ada", "--email", "ada@example.com")
		require.Zero(t, first.stop(t))

		second := serve(t, env...)
		line, _ = second.log.find(sentence)
		require.Contains(t, line, `"level":"WARN"`)
		require.Contains(t, line, "gatehouse user promote USERNAME")
		run(t, env, "user", "promote", "ada") // the command of the sentence
		require.Zero(t, second.stop(t))

		third := serve(t, env...)
		line, _ = third.log.find(sentence)
		require.Empty(t, line)
	})
}

func TestProxyThatIsNotTrustedIsReported(t *testing.T) {
	request := func(p *process) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/healthz", nil)
		require.NoError(t, err)
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
		r.Header.Set("X-Forwarded-Proto", "https")
		for range 3 {
			res, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
		}
	}
	env := []string{"GATEHOUSE_DATABASE_URL=" + testdb.SQLite(t), "GATEHOUSE_SITE_URL=https://sso.example.com"}
	p := serve(t, env...)
	request(p)
	var line struct{ Level, Peer, Header, Msg string }
	require.NoError(t, json.Unmarshal([]byte(p.awaitLine(t, p.log, "GATEHOUSE_TRUSTED_PROXIES")), &line))
	require.Equal(t, "WARN", line.Level)
	require.Equal(t, "127.0.0.1", line.Peer, "the address to set")
	require.Equal(t, "X-Forwarded-For", line.Header)
	require.Equal(t, 1, strings.Count(p.log.String(), "GATEHOUSE_TRUSTED_PROXIES"), "once")
	require.Zero(t, p.stop(t))

	p = serve(t, append(env, "GATEHOUSE_TRUSTED_PROXIES="+line.Peer)...)
	request(p)
	require.NotContains(t, p.log.String(), "GATEHOUSE_TRUSTED_PROXIES")
}

// TestSiteURLIsTheSameEverywhere starts the gateway with a site URL in an unusual form. The
// issuer, the check of the host and the redirects use the form that browsers send.
func TestSiteURLIsTheSameEverywhere(t *testing.T) {
	p := serve(t, append(withAdmin(testdb.SQLite(t)), "GATEHOUSE_SITE_URL=HTTP://BÜCHER.Example.:80/sso/")...)
	get := func(host, path string) (status int, location string, body map[string]any) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+path, nil)
		require.NoError(t, err)
		r.Host = host
		res, err := http.DefaultTransport.RoundTrip(r)
		require.NoError(t, err)
		defer func() { require.NoError(t, res.Body.Close()) }()
		_ = json.NewDecoder(res.Body).Decode(&body) // a page has none
		return res.StatusCode, res.Header.Get("Location"), body
	}
	const issuer = "http://xn--bcher-kva.example/sso"
	for _, host := range []string{"xn--bcher-kva.example", "XN--BCHER-KVA.example", "xn--bcher-kva.example:80", "xn--bcher-kva.example."} {
		status, _, metadata := get(host, "/.well-known/oauth-authorization-server/sso")
		require.Equal(t, http.StatusOK, status, host)
		require.Equal(t, issuer, metadata["issuer"])
		require.Equal(t, issuer+"/oauth/authorize", metadata["authorization_endpoint"])
	}
	for _, host := range []string{"bucher.example", "xn--bcher-kva.example.evil.example", "127.0.0.1"} {
		status, _, _ := get(host, "/sso/login")
		require.Equal(t, http.StatusMisdirectedRequest, status, host)
	}
	_, location, _ := get("xn--bcher-kva.example", "/sso/console")
	require.Equal(t, "/sso/login?redirect_to=%2Fsso%2Fconsole", location)
	line, _ := p.log.find("gatehouse is running")
	require.Contains(t, line, `"site_url":"`+issuer+`"`)
}
