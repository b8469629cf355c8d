package doctor_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/doctor"
	"gatehouse/registration"
	"gatehouse/server"
	"gatehouse/storage"
	"gatehouse/test/testdb"
)

// Gatehouse has neither errors nor warnings, with and without a path in the site URL, and
// with OpenID Connect, registration and the implicit grant on and off.
func TestGatehouseHasNoFindings(t *testing.T) {
	for _, siteURL := range []string{"https://sso.example.com", "https://sso.example.com/auth/sso"} {
		for _, all := range []string{"true", "false"} {
			t.Run(siteURL+" everything on: "+all, func(t *testing.T) {
				testdb.Each(t, func(t *testing.T, databaseURL string) {
					r := examineGatehouse(t, databaseURL, siteURL, siteURL, map[string]string{
						gatehouse.SettingEnableOAuthServiceProvider: "true", gatehouse.SettingEnableOpenIDConnect: all,
						gatehouse.SettingEnableDynamicClientRegistration: all, gatehouse.SettingEnableImplicitGrant: all,
					})
					require.Empty(t, broken(r), "%+v", r.Findings)
					require.Equal(t, siteURL, r.Target)
				})
			})
		}
	}
}

// The mistakes that operators make with Gatehouse itself.
func TestMisconfiguredGatehouseHasItsFinding(t *testing.T) {
	on := map[string]string{gatehouse.SettingEnableOAuthServiceProvider: "true"}
	for _, tc := range []struct {
		name, siteURL, asked string
		settings             map[string]string
		rules                []string
	}{
		{"the provider is off", issuer, issuer, nil, []string{"metadata.found"}},
		{"the site URL is the default", "http://localhost:8065", issuer, on, []string{"http.hsts", "server.host"}},
		{"the site URL is http", "http://sso.example.com", issuer, on, []string{"http.hsts", "issuer.equal", "resource.equal"}},
		{"the site URL is another host", "https://other.example.com", issuer, on, []string{"server.host"}},
		{"the path is missing in the site URL", issuer, issuer + "/sso", on, []string{"metadata.found"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, databaseURL string) {
				r := examineGatehouse(t, databaseURL, tc.siteURL, tc.asked, tc.settings)
				require.Equal(t, tc.rules, broken(r), "%+v", r.Findings)
			})
		})
	}
}

// examineGatehouse runs the doctor for a URL against a gateway that serves TLS.
func examineGatehouse(t *testing.T, databaseURL, siteURL, asked string, settings map[string]string) doctor.Report {
	t.Helper()
	ctx := context.Background()
	quiet := slog.New(slog.DiscardHandler)
	store, err := storage.Open(ctx, storage.Options{URL: databaseURL, Log: quiet})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, store.MigrateUp(ctx))
	require.NoError(t, store.SetSettings(ctx, settings, "", time.Now()))
	site, err := url.Parse(siteURL)
	require.NoError(t, err)
	g, err := server.NewGateway(server.GatewayConfig{
		SiteURL: site, Secrets: [][]byte{[]byte("a secret of the doctor's tests, 32 bytes long")}, Registrations: registration.UnlimitedRate(),
		Version: "test", Build: "0", Store: store, Log: quiet,
	})
	require.NoError(t, err)
	authority, certificate := newSite().certificates(t)
	encrypted := httptest.NewUnstartedServer(g.Handler)
	encrypted.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	encrypted.Config.ErrorLog = log.New(io.Discard, "", 0)
	encrypted.StartTLS()
	t.Cleanup(encrypted.Close)
	c := doctor.Config{Timeout: 10 * time.Minute, Roots: x509.NewCertPool(), Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != "sso.example.com:443" {
			return nil, &net.OpError{Op: "dial", Net: network, Err: net.ErrClosed}
		}
		return new(net.Dialer).DialContext(ctx, network, encrypted.Listener.Addr().String())
	}}
	c.Roots.AddCert(authority)
	target, err := url.Parse(asked)
	require.NoError(t, err)
	return doctor.Run(ctx, c, target)
}
