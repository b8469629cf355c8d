package e2e_test

import (
	"bufio"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"gatehouse/test/testdb"
)

// scrape returns the metrics of a gateway: the sum of the series of each name, and the page.
func scrape(t *testing.T, p *process) (sums map[string]float64, page string) {
	t.Helper()
	answer, _, page := status(t, "http://"+p.listen[1]+"/metrics")
	require.Equal(t, http.StatusOK, answer)
	sums = map[string]float64{}
	for lines := bufio.NewScanner(strings.NewReader(page)); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		value, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		require.NoError(t, err, line)
		name := line[:strings.IndexAny(line, "{ ")]
		sums[strings.TrimSuffix(name, "_count")] += value
	}
	return sums, page
}

// gatehouseLines returns the lines of our own metrics.
func gatehouseLines(page string) string {
	return strings.Join(regexp.MustCompile("(?m)^gatehouse_.*$").FindAllString(page, -1), "\n")
}

// documentedMetrics returns the names in the table of docs/operations.md.
func documentedMetrics(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	require.NoError(t, err)
	var names []string
	for _, match := range regexp.MustCompile("(?m)^\\| `(gatehouse_[a-z_]+)`").FindAllStringSubmatch(string(text), -1) {
		names = append(names, match[1])
	}
	require.Greater(t, len(names), 10)
	return names
}

// isConstant reports whether a metric does not change during this test. Other tests
// change it (TestReaperDeletesBatchesUntilNoExpiredRowIsLeft, TestReaperUsesTheEarlierClock, TestDatabaseMetrics).
func isConstant(name string) bool {
	if strings.HasPrefix(name, "gatehouse_go_sql_") { // the connections may be the same before and after
		return true
	}
	switch name {
	case "gatehouse_reaped_rows_total", "gatehouse_reaper_runs_total", "gatehouse_reaper_last_success_timestamp_seconds", "gatehouse_clock_ahead_seconds",
		"gatehouse_database_unavailable_total", "gatehouse_build_info",
		"gatehouse_expired_rows", "gatehouse_stored_rows": // read at most every 30 seconds
		return true
	}
	return false
}

func TestDocumentedMetricsExistAndChange(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		p := serve(t, append(withAdmin(databaseURL), "GATEHOUSE_METRICS_LISTEN=localhost:0", "GATEHOUSE_ENABLE_DYNAMIC_CLIENT_REGISTRATION=true")...)
		before, _ := scrape(t, p)

		// The gateway may not reach this address, so the logout token is not delivered.
		app := newApp(t, databaseURL, "--backchannel-logout-uri", "https://127.0.0.1:1/logout")
		app.Scopes = []string{"openid"}
		b := newBrowser(t)
		code := b.authorize(t, at(app, p).AuthCodeURL("x"), admin)
		token, err := at(app, p).Exchange(t.Context(), code)
		require.NoError(t, err)
		_, err = refresh(t.Context(), at(app, p), token)
		require.NoError(t, err)
		_, err = at(app, p).Exchange(t.Context(), code)
		require.Error(t, err)
		_, err = refresh(t.Context(), at(app, p), token)
		require.Error(t, err)
		b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // these requests get no code
		b.get(t, at(app, p).AuthCodeURL("x", oauth2.SetAuthURLParam("response_type", "token")))
		b.get(t, at(app, p).AuthCodeURL("x", oauth2.SetAuthURLParam("response_type", "nonsense")))
		b.get(t, at(app, p).AuthCodeURL("x", oauth2.SetAuthURLParam("client_id", "unknown")))
		other := newBrowser(t)
		other.signIn(t, other.get(t, p.url+"/login"), credentials{admin.login, "a wrong password"})
		for _, body := range []string{`{"redirect_uris":["https://client.example.com/cb"],"client_name":"A client"}`, `{}`} {
			res, err := http.Post(p.url+"/api/v4/oauth/apps/register", "application/json", strings.NewReader(body))
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
		}

		signOut, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/logout", nil)
		require.NoError(t, err)
		signOut.Header.Set("Origin", p.url)
		b.load(t, signOut)
		require.Eventually(t, func() bool {
			sums, _ := scrape(t, p)
			return sums["gatehouse_backchannel_logouts_total"] > 0
		}, time.Minute, 50*time.Millisecond)

		after, page := scrape(t, p)
		for _, name := range documentedMetrics(t) {
			if name == "gatehouse_reaped_rows_total" { // it has no series before the first run of the reaper, which is minutes away
				continue
			}
			require.Contains(t, after, name)
			if !isConstant(name) {
				require.Greater(t, after[name], before[name], name)
			}
		}
		for _, series := range []string{
			`gatehouse_grants_total{kind="code",outcome="issued"} 1`,
			`gatehouse_grants_total{kind="code",outcome="invalid_grant"} 1`,
			`gatehouse_grants_total{kind="refresh",outcome="issued"} 1`,
			`gatehouse_grants_total{kind="refresh",outcome="invalid_grant"} 1`,
			`gatehouse_grants_total{kind="implicit",outcome="issued"} 1`,
			`gatehouse_refusals_total{endpoint="access_token",error="invalid_grant",rule="api.oauth.get_access_token.expired_code"} 1`,
			`gatehouse_refusals_total{endpoint="authorize",error="unsupported_response_type",rule=`,
			`gatehouse_refusals_total{endpoint="authorize",error="invalid_request",rule="model.authorize.is_valid.client_id"} 1`,
			`gatehouse_sign_ins_total{outcome="success"} 1`,
			`gatehouse_sign_ins_total{outcome="refused"} 1`,
			`gatehouse_sign_ins_total{outcome="throttled"} 0`,
			`gatehouse_client_registrations_total{outcome="registered"} 1`,
			`gatehouse_client_registrations_total{outcome="invalid_client_metadata"} 1`,
			`gatehouse_audit_events_total{event="authorizationCodeReplayed",outcome="fail"} 1`,
			`gatehouse_stored_rows{table="users"} 1`,
			`gatehouse_build_info{build=`,
		} {
			require.True(t, strings.Contains(page, "\n"+series), "%s in:\n%s", series, gatehouseLines(page)) //nolint:testifylint // Contains would print the whole page
		}
		require.NotContains(t, page, url.QueryEscape(code))
	})
}

func TestRateLimitedSignInsAreCounted(t *testing.T) {
	p := serve(t, append(withAdmin(testdb.SQLite(t)), "GATEHOUSE_METRICS_LISTEN=localhost:0")...)
	b := newBrowser(t)
	page := b.get(t, p.url+"/login")
	for page.status != http.StatusTooManyRequests {
		page = b.signIn(t, page, credentials{admin.login, "a wrong password"})
	}
	_, metrics := scrape(t, p)
	require.Contains(t, metrics, `gatehouse_sign_ins_total{outcome="throttled"} 1`)
}
