package e2e_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testdb"
)

// certificate makes a certificate for localhost, and its key.
func certificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(certFile, certPEM, 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	pool = x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(certPEM))
	return certFile, keyFile, pool
}

func TestTheGatewaySpeaksTLSItself(t *testing.T) {
	certFile, keyFile, pool := certificate(t)
	env := []string{
		"GATEHOUSE_DATABASE_URL=" + testdb.SQLite(t), "GATEHOUSE_SITE_URL=https://localhost",
		"GATEHOUSE_TLS_CERT=" + certFile, "GATEHOUSE_TLS_KEY=" + keyFile,
	}
	p := serve(t, env...)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12}}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+p.listen[0]+"/login", nil)
	require.NoError(t, err)
	res, err := client.Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.NotEmpty(t, res.Header.Get("Strict-Transport-Security"))

	here := "GATEHOUSE_LISTEN=" + p.listen[0]
	require.Contains(t, run(t, append(env, here), "healthcheck"), "ready")

	// Somebody else on the port is not taken for the gateway.
	otherCert, otherKey, _ := certificate(t)
	env[2], env[3] = "GATEHOUSE_TLS_CERT="+otherCert, "GATEHOUSE_TLS_KEY="+otherKey
	check := launch(t, append(env, here), "healthcheck")
	require.Equal(t, 1, check.await(t))
	require.Contains(t, check.log.String(), "another server listens there")
}

func TestAHealthCheckFollowsTheDatabase(t *testing.T) {
	databaseURL := testdb.Postgres(t)
	w, wired := wireTo(t, databaseURL)
	env := withAdmin(wired)
	p := serve(t, env...)
	here := append(env, "GATEHOUSE_LISTEN="+p.listen[0])
	require.Contains(t, run(t, here, "healthcheck"), "ready")
	w.cut()
	check := launch(t, here, "healthcheck")
	require.Equal(t, 1, check.await(t))
	require.Contains(t, check.log.String(), "not ready")
}
