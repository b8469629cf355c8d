package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testdb"
)

func TestGatewayDoesNotStartAndListsEveryInvalidVariable(t *testing.T) {
	p := launch(t, []string{"GATEHOUSE_LISTEN=nowhere", "GATEHOUSE_SITE_URL=sso.example.com", "GATEHOUSE_SECRET=too short", "GATEHOUSE_LOG_FORMATT=json", "GATEHOUSE_ADMIN_EMAIL=x"}, "serve")
	require.Equal(t, 1, p.await(t))
	for _, variable := range []string{"GATEHOUSE_LISTEN", "GATEHOUSE_SITE_URL", "GATEHOUSE_SECRET", "GATEHOUSE_LOG_FORMATT", "GATEHOUSE_ADMIN_USERNAME", "GATEHOUSE_ADMIN_PASSWORD"} {
		require.Contains(t, p.log.String(), "\n  "+variable+": ")
	}
	require.NotContains(t, p.log.String(), "too short\n")
	entries, err := os.ReadDir(p.cmd.Dir)
	require.NoError(t, err)
	require.Empty(t, entries, "no file was created")
}

func TestPostgreSQLRequiresASecret(t *testing.T) {
	p := launch(t, []string{"GATEHOUSE_DATABASE_URL=" + testdb.Postgres(t)}, "serve")
	require.Equal(t, 1, p.await(t))
	require.Contains(t, p.log.String(), "GATEHOUSE_SECRET: PostgreSQL requires this secret")
}

func TestPortInUseIsReported(t *testing.T) {
	first := serve(t, "GATEHOUSE_DATABASE_URL="+testdb.SQLite(t))
	second := launch(t, []string{"GATEHOUSE_DATABASE_URL=" + testdb.SQLite(t), "GATEHOUSE_LISTEN=" + first.listen[0]}, "serve")
	require.Equal(t, 1, second.await(t))
	_, port, _ := strings.Cut(first.listen[0], ":")
	require.Contains(t, second.log.String(), "port "+port+" is in use")
	require.Contains(t, second.log.String(), "GATEHOUSE_LISTEN")
}

func TestInvalidFirstSystemAdminIsReportedWithTheVariable(t *testing.T) {
	env := withAdmin(testdb.SQLite(t))
	env[2] = "GATEHOUSE_ADMIN_USERNAME=1 root"
	p := launch(t, append(env, "GATEHOUSE_LISTEN=127.0.0.1:0"), "serve")
	require.Equal(t, 1, p.await(t))
	require.Contains(t, p.log.String(), "GATEHOUSE_ADMIN_USERNAME: The username must start with a letter")
}

func TestUnreachableDatabaseIsReportedWithoutThePassword(t *testing.T) {
	p := launch(t, []string{"GATEHOUSE_DATABASE_URL=postgres://gatehouse:hunter2@127.0.0.1:1/gatehouse", "GATEHOUSE_SECRET=" + sealingSecret}, "serve")
	require.Equal(t, 1, p.await(t))
	require.Contains(t, p.log.String(), "PostgreSQL cannot be reached")
	require.NotContains(t, p.log.String(), "hunter2")
	require.NotContains(t, p.log.String(), "goroutine")
}

func TestMetricsHaveTheirOwnListener(t *testing.T) {
	p := serve(t, "GATEHOUSE_DATABASE_URL="+testdb.SQLite(t), "GATEHOUSE_METRICS_LISTEN=localhost:0")
	require.Len(t, p.listen, 2)
	status(t, p.url+"/login")
	code, _, body := status(t, "http://"+p.listen[1]+"/metrics")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, body, `gatehouse_http_requests_total{method="GET",route="/login",status="2xx"} 1`)
	code, _, _ = status(t, p.url+"/metrics")
	require.Equal(t, http.StatusNotFound, code, "the public listener does not serve metrics")
}

func TestGatewayWorksBelowABasePath(t *testing.T) {
	databaseURL := testdb.SQLite(t)
	p := serve(t, append(withAdmin(databaseURL), "GATEHOUSE_SITE_URL=http://localhost/sso")...)
	p.url += "/sso"
	app := newApp(t, databaseURL)
	b := newBrowser(t)
	code := b.authorize(t, at(app, p).AuthCodeURL("x"), admin)
	token, err := at(app, p).Exchange(t.Context(), code)
	require.NoError(t, err)
	requireMe(t, p, token.AccessToken, http.StatusOK)
	site, err := url.Parse(strings.TrimSuffix(p.url, "/sso"))
	require.NoError(t, err)
	require.Empty(t, b.Jar.Cookies(site), "the cookies are limited to the base path")
	code2, _, _ := status(t, strings.TrimSuffix(p.url, "/sso")+"/login")
	require.Equal(t, http.StatusNotFound, code2)
}

// In JSON, a duration has a unit.
func TestLogHasReadableDurations(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		p := serve(t, withAdmin(databaseURL)...)
		var line struct{ Took string }
		require.NoError(t, json.Unmarshal([]byte(p.awaitLine(t, p.log, "migration applied")), &line))
		took, err := time.ParseDuration(line.Took)
		require.NoError(t, err)
		require.Positive(t, took)
	})
}
