package main

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
)

const longSecret = "9f1c7be04d2a86531e0b7d94ca62f85a"

func TestUnsetVariablesHaveDefaults(t *testing.T) {
	c, err := loadConfig([]string{"HOME=/home/ana", "PATH=/bin"}, forServing)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8065", c.Listen)
	require.Equal(t, "http://localhost:8065", c.SiteURL.String())
	require.Equal(t, "sqlite:gatehouse.db", c.DatabaseURL)
	require.Equal(t, slog.LevelInfo, c.LogLevel)
	require.Equal(t, registration.DefaultRate(), c.RegistrationRate)
	require.Empty(t, c.secrets())
	require.Empty(t, c.FixedSettings, "a System Admin decides in the console")
	require.Empty(t, c.TrustedProxies)
	require.Empty(t, c.MetricsListen)
	require.Equal(t, firstAdmin{}, c.Admin)
}

func TestEveryVariableIsParsed(t *testing.T) {
	c, err := loadConfig([]string{
		"GATEHOUSE_LISTEN=:80", "GATEHOUSE_SITE_URL=https://example.com/sso/", "GATEHOUSE_DATABASE_URL=postgres://u:p@db/gatehouse",
		"GATEHOUSE_SECRET=" + longSecret, "GATEHOUSE_SECRET_PREVIOUS=" + longSecret + "0",
		"GATEHOUSE_ADMIN_USERNAME=root", "GATEHOUSE_ADMIN_EMAIL=root@example.com", "GATEHOUSE_ADMIN_PASSWORD=long enough",
		"GATEHOUSE_ENABLE_OAUTH_SERVICE_PROVIDER=true", "GATEHOUSE_ENABLE_DYNAMIC_CLIENT_REGISTRATION=false", "GATEHOUSE_DCR_REDIRECT_URI_ALLOWLIST=https://a.example.com/*",
		"GATEHOUSE_TRUSTED_PROXIES=10.0.0.0/8, 192.168.1.1,fd00::/8", "GATEHOUSE_REGISTRATION_RATE=off", "GATEHOUSE_METRICS_LISTEN=:9000",
		"GATEHOUSE_LOG_LEVEL=debug", "GATEHOUSE_LOG_FORMAT=json",
	}, forServing)
	require.NoError(t, err)
	require.Equal(t, "https://example.com/sso", c.SiteURL.String(), "the slash at the end is removed")
	require.Equal(t, [][]byte{[]byte(longSecret), []byte(longSecret + "0")}, c.secrets(), "the current one seals")
	require.Equal(t, firstAdmin{"root", "root@example.com", "long enough"}, c.Admin)
	require.Equal(t, map[string]string{
		gatehouse.SettingEnableOAuthServiceProvider: "true", gatehouse.SettingEnableDynamicClientRegistration: "false",
		gatehouse.SettingDCRRedirectURIAllowlist: "https://a.example.com/*",
	}, c.FixedSettings)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.168.1.1/32"), netip.MustParsePrefix("fd00::/8")}, c.TrustedProxies)
	require.Equal(t, registration.UnlimitedRate(), c.RegistrationRate)
	require.Equal(t, slog.LevelDebug, c.LogLevel)
}

func TestErrorNamesTheVariableAndAValidValue(t *testing.T) {
	cases := []struct {
		name     string
		environ  []string
		variable string
		hint     string
	}{
		{"no port", []string{"GATEHOUSE_LISTEN=localhost"}, "GATEHOUSE_LISTEN", "127.0.0.1:8065"},
		{"a port above 65535", []string{"GATEHOUSE_LISTEN=:99999"}, "GATEHOUSE_LISTEN", "127.0.0.1:8065"},
		{"metrics on the public address", []string{"GATEHOUSE_LISTEN=:80", "GATEHOUSE_METRICS_LISTEN=:80"}, "GATEHOUSE_METRICS_LISTEN", "another address"},
		{"no scheme", []string{"GATEHOUSE_SITE_URL=sso.example.com"}, "GATEHOUSE_SITE_URL", "https://sso.example.com"},
		{"another scheme", []string{"GATEHOUSE_SITE_URL=ftp://sso.example.com"}, "GATEHOUSE_SITE_URL", "https://sso.example.com"},
		{"a query", []string{"GATEHOUSE_SITE_URL=https://sso.example.com/?a=b"}, "GATEHOUSE_SITE_URL", "Remove the user, the query and the fragment"},
		{"a fragment", []string{"GATEHOUSE_SITE_URL=https://sso.example.com/#"}, "GATEHOUSE_SITE_URL", "Remove the user, the query and the fragment"},
		{"a user", []string{"GATEHOUSE_SITE_URL=https://me@sso.example.com"}, "GATEHOUSE_SITE_URL", "Remove the user, the query and the fragment"},
		{"a path with dots", []string{"GATEHOUSE_SITE_URL=https://sso.example.com/../x"}, "GATEHOUSE_SITE_URL", "letters, digits"},
		{"a path with escapes", []string{"GATEHOUSE_SITE_URL=https://sso.example.com/%41"}, "GATEHOUSE_SITE_URL", "letters, digits"},
		{"an unknown database", []string{"GATEHOUSE_DATABASE_URL=mysql://u:hunter2@db/x"}, "GATEHOUSE_DATABASE_URL", "postgres://"},
		{"a short secret", []string{"GATEHOUSE_SECRET=hunter2"}, "GATEHOUSE_SECRET", "at least 32"},
		{"a short previous secret", []string{"GATEHOUSE_SECRET=" + longSecret, "GATEHOUSE_SECRET_PREVIOUS=hunter2"}, "GATEHOUSE_SECRET_PREVIOUS", "at least 32"},
		{"a previous secret alone", []string{"GATEHOUSE_SECRET_PREVIOUS=" + longSecret}, "GATEHOUSE_SECRET_PREVIOUS", "Set GATEHOUSE_SECRET to the new secret"},
		{"PostgreSQL without a secret", []string{"GATEHOUSE_DATABASE_URL=postgres://db/x"}, "GATEHOUSE_SECRET", "openssl rand"},
		{"an admin without an email", []string{"GATEHOUSE_ADMIN_USERNAME=root", "GATEHOUSE_ADMIN_PASSWORD=long enough"}, "GATEHOUSE_ADMIN_EMAIL", "is missing"},
		{"an admin with a short password", []string{"GATEHOUSE_ADMIN_USERNAME=root", "GATEHOUSE_ADMIN_EMAIL=root@example.com", "GATEHOUSE_ADMIN_PASSWORD=hunter2"}, "GATEHOUSE_ADMIN_PASSWORD", "at least 8"},
		{"a setting that is neither true nor false", []string{"GATEHOUSE_ENABLE_OAUTH_SERVICE_PROVIDER=on"}, "GATEHOUSE_ENABLE_OAUTH_SERVICE_PROVIDER", "Use true or false"},
		{"proxies by name", []string{"GATEHOUSE_TRUSTED_PROXIES=10.0.0.1,nginx,10.0.0.0/8,caddy"}, "GATEHOUSE_TRUSTED_PROXIES", `"nginx", "caddy"`},
		{"a rate without an interval", []string{"GATEHOUSE_REGISTRATION_RATE=20"}, "GATEHOUSE_REGISTRATION_RATE", "20/1s"},
		{"a rate without a burst", []string{"GATEHOUSE_REGISTRATION_RATE=0/1s"}, "GATEHOUSE_REGISTRATION_RATE", "off"},
		{"a certificate without a key", []string{"GATEHOUSE_SITE_URL=https://x.example.com", "GATEHOUSE_TLS_CERT=cert.pem"}, "GATEHOUSE_TLS_KEY", "is missing"},
		{"a key without a certificate", []string{"GATEHOUSE_TLS_KEY=key.pem"}, "GATEHOUSE_TLS_CERT", "is missing"},
		{"a certificate that does not exist", []string{"GATEHOUSE_SITE_URL=https://x.example.com", "GATEHOUSE_TLS_CERT=no.pem", "GATEHOUSE_TLS_KEY=no.pem"}, "GATEHOUSE_TLS_CERT", "no.pem"},
		{"an unknown level", []string{"GATEHOUSE_LOG_LEVEL=info+1"}, "GATEHOUSE_LOG_LEVEL", "warn"},
		{"an unknown format", []string{"GATEHOUSE_LOG_FORMAT=xml"}, "GATEHOUSE_LOG_FORMAT", "json"},
		{"a mistyped name", []string{"GATEHOUSE_LISTN=:80"}, "GATEHOUSE_LISTN", "Did you mean GATEHOUSE_LISTEN?"},
		{"an unknown name", []string{"GATEHOUSE_SMTP_SERVER_NAME=x"}, "GATEHOUSE_SMTP_SERVER_NAME", "help environment"},
		{"a file for a variable that is not a secret", []string{"GATEHOUSE_LISTEN_FILE=x"}, "GATEHOUSE_LISTEN_FILE", "does not exist"},
		{"a file that does not exist", []string{"GATEHOUSE_SECRET_FILE=/no/such/file"}, "GATEHOUSE_SECRET_FILE", "cannot be read"},
		{"a value and a file", []string{"GATEHOUSE_SECRET=" + longSecret, "GATEHOUSE_SECRET_FILE=/no/such/file"}, "GATEHOUSE_SECRET_FILE", "only one of the two"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := loadConfig(tc.environ, forServing)
			var wrong *configError
			require.ErrorAs(t, err, &wrong)
			require.Len(t, wrong.problems, 1, "each mistake is reported once: %v", err)
			require.Contains(t, wrong.problems[tc.variable], tc.hint)
			require.Equal(t, tc.variable+": "+wrong.problems[tc.variable], err.Error())
			require.NotContains(t, err.Error(), "hunter2", "the value of a secret is not repeated")
		})
	}
}

func TestErrorListsEveryProblem(t *testing.T) {
	_, err := loadConfig([]string{"GATEHOUSE_LISTEN=x", "GATEHOUSE_SITE_URL=x", "GATEHOUSE_SECRET=x", "GATEHOUSE_LOG_LEVEL=x", "GATEHOUSE_NOPE=x"}, forServing)
	require.ErrorContains(t, err, "5 environment variables are not valid")
	for _, name := range []string{"LISTEN", "SITE_URL", "SECRET", "LOG_LEVEL", "NOPE"} {
		require.ErrorContains(t, err, "\n  GATEHOUSE_"+name+": ")
	}
}

func TestSecretsAreReadFromFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	c, err := loadConfig([]string{
		"GATEHOUSE_SECRET_FILE=" + write("secret", longSecret+"\n"),
		"GATEHOUSE_SECRET_PREVIOUS_FILE=" + write("previous", longSecret+"-\r\n"),
		"GATEHOUSE_DATABASE_URL_FILE=" + write("url", "postgres://u:p@db/x\n"),
		"GATEHOUSE_ADMIN_USERNAME=root", "GATEHOUSE_ADMIN_EMAIL=root@example.com",
		"GATEHOUSE_ADMIN_PASSWORD_FILE=" + write("password", " with spaces \n"),
	}, forServing)
	require.NoError(t, err)
	require.Equal(t, [][]byte{[]byte(longSecret), []byte(longSecret + "-")}, c.secrets())
	require.Equal(t, "postgres://u:p@db/x", c.DatabaseURL)
	require.Equal(t, " with spaces ", c.Admin.Password, "only the line ending is removed")

	_, err = loadConfig([]string{"GATEHOUSE_SECRET_FILE=" + write("empty", "\n")}, forServing)
	require.ErrorContains(t, err, "empty")
}

func TestEmptyVariablesCountAsUnset(t *testing.T) {
	var environ []string
	for _, v := range new(config).variables() {
		if v.notBlank != "" {
			continue // TestABlankAllowlistStopsTheStart
		}
		environ = append(environ, v.name+"=")
		if v.secret {
			environ = append(environ, v.name+"_FILE=")
		}
	}
	set, err := loadConfig(environ, forServing)
	require.NoError(t, err)
	unset, err := loadConfig(nil, forServing)
	require.NoError(t, err)
	require.Equal(t, unset, set)
}

// A blank allowlist must not count as unset: then every redirect URI is accepted.
func TestABlankAllowlistStopsTheStart(t *testing.T) {
	const name = "GATEHOUSE_DCR_REDIRECT_URI_ALLOWLIST"
	for _, p := range []purpose{forServing, forTools} {
		for _, blank := range []string{"", " ", "\t", "\n", "\u00a0", "  \r\n ", ",", ", ,", ",,", "https://a.example/*,"} {
			_, err := loadConfig([]string{name + "=" + blank}, p)
			var failed *configError
			require.ErrorAs(t, err, &failed, "%q", blank)
			require.Contains(t, failed.problems, name, "%q", blank)
			require.Len(t, failed.problems, 1, "%q", blank)
		}
	}
	c, err := loadConfig([]string{name + "= https://a.example/* "}, forServing)
	require.NoError(t, err)
	require.Equal(t, " https://a.example/* ", c.FixedSettings[gatehouse.SettingDCRRedirectURIAllowlist])
}

func TestVariablesThatKubernetesSetsAreIgnored(t *testing.T) {
	_, err := loadConfig([]string{
		"GATEHOUSE_SERVICE_HOST=10.0.0.1", "GATEHOUSE_SERVICE_PORT=80", "GATEHOUSE_SERVICE_PORT_HTTP=80", "GATEHOUSE_PORT=tcp://10.0.0.1:80",
		"GATEHOUSE_PORT_80_TCP=tcp://10.0.0.1:80", "GATEHOUSE_PORT_80_TCP_PROTO=tcp", "GATEHOUSE_PORT_80_TCP_PORT=80", "GATEHOUSE_PORT_80_TCP_ADDR=10.0.0.1",
	}, forServing)
	require.NoError(t, err)
}

func TestCommandsNeedNoSecret(t *testing.T) {
	_, err := loadConfig([]string{"GATEHOUSE_DATABASE_URL=postgres://db/x"}, forTools)
	require.NoError(t, err)
}

func TestHelpListsEveryVariable(t *testing.T) {
	for _, v := range new(config).variables() {
		require.NotEmpty(t, v.name)
		require.NotEmpty(t, v.doc, v.name)
		require.Contains(t, environmentText(), "\n"+v.name)
	}
}
