package e2e_test

import (
	"bytes"
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
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testdb"
)

// certificate creates a certificate for localhost and example.com, and its key.
func certificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	certPEM, keyPEM := certificatePEM(t, time.Now().Add(time.Hour))
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(certFile, certPEM, 0o600))
	require.NoError(t, os.WriteFile(keyFile, keyPEM, 0o600))
	pool = x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(certPEM))
	return certFile, keyFile, pool
}

// certificatePEM is certificate with the time until which the certificate is valid.
func certificatePEM(t *testing.T, until time.Time) (certPEM, keyPEM []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost", "example.com"},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: until,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}

func TestGatewayServesTLS(t *testing.T) {
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

	listen := "GATEHOUSE_LISTEN=" + p.listen[0]
	require.Contains(t, run(t, append(env, listen), "healthcheck"), "ready")

	// A server with another certificate is not the gateway.
	otherCert, otherKey, _ := certificate(t)
	env[2], env[3] = "GATEHOUSE_TLS_CERT="+otherCert, "GATEHOUSE_TLS_KEY="+otherKey
	check := launch(t, append(env, listen), "healthcheck")
	require.Equal(t, 1, check.await(t))
	require.Contains(t, check.log.String(), "another server listens there")
}

func TestHealthcheckFailsWhileTheDatabaseIsUnreachable(t *testing.T) {
	databaseURL := testdb.Postgres(t)
	proxy, proxied := startProxy(t, databaseURL)
	env := withAdmin(proxied)
	p := serve(t, env...)
	env = append(env, "GATEHOUSE_LISTEN="+p.listen[0])
	require.Contains(t, run(t, env, "healthcheck"), "ready")
	proxy.cut()
	check := launch(t, env, "healthcheck")
	require.Equal(t, 1, check.await(t))
	require.Contains(t, check.log.String(), "not ready")
}

func TestRenewedCertificateIsUsedWithoutARestart(t *testing.T) {
	certFile, keyFile, _ := certificate(t)
	env := []string{
		"GATEHOUSE_DATABASE_URL=" + testdb.SQLite(t), "GATEHOUSE_SITE_URL=https://localhost",
		"GATEHOUSE_TLS_CERT=" + certFile, "GATEHOUSE_TLS_KEY=" + keyFile,
	}
	p := serve(t, env...)
	env = append(env, "GATEHOUSE_LISTEN="+p.listen[0])
	write := func(certPEM, keyPEM []byte) {
		require.NoError(t, os.WriteFile(certFile, certPEM, 0o600))
		require.NoError(t, os.WriteFile(keyFile, keyPEM, 0o600))
	}
	serves := func(certPEM []byte) bool {
		block, _ := pem.Decode(certPEM)
		return bytes.Equal(servedCertificate(t, p.listen[0]), block.Bytes)
	}
	servedCertificate(t, p.listen[0]) // the gateway loads the first certificate after the line "gatehouse is running"
	current, key := certificatePEM(t, time.Now().Add(time.Hour))
	write(current, key)
	require.Contains(t, run(t, env, "healthcheck"), "ready", "before the new certificate is loaded")
	require.Eventually(t, func() bool { return serves(current) }, waitTimeout, 50*time.Millisecond)

	other, otherKey := certificatePEM(t, time.Now().Add(time.Hour))
	expired, expiredKey := certificatePEM(t, time.Now().Add(-time.Hour))
	warning := "the previous one stays in use"
	// The gateway may read the files between the two writes: no certificate fits the key before it.
	for i, broken := range []struct{ cert, key []byte }{
		{[]byte("not a certificate"), key}, {nil, nil}, {other, key}, {other[:len(other)/2], otherKey}, {expired, expiredKey},
	} {
		write(broken.cert, broken.key)
		require.Eventually(t, func() bool { return strings.Count(p.log.String(), warning) == i+1 }, waitTimeout, 50*time.Millisecond, "case %d", i)
		require.True(t, serves(current), "case %d", i)
		require.Contains(t, run(t, env, "healthcheck"), "ready", "case %d", i)
	}
	require.NoError(t, os.Remove(keyFile))
	require.Eventually(t, func() bool { return strings.Count(p.log.String(), warning) == 6 }, waitTimeout, 50*time.Millisecond)
	require.Never(t, func() bool { return strings.Count(p.log.String(), warning) > 6 }, 3*time.Second, 50*time.Millisecond, "each broken state is logged once")

	// A renewal through a symbolic link, as certbot and Kubernetes do it.
	next := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(next, "cert.pem"), other, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(next, "key.pem"), otherKey, 0o600))
	require.NoError(t, os.Remove(certFile))
	require.NoError(t, os.Symlink(filepath.Join(next, "cert.pem"), certFile))
	require.NoError(t, os.Symlink(filepath.Join(next, "key.pem"), keyFile))
	require.Eventually(t, func() bool { return serves(other) }, waitTimeout, 50*time.Millisecond)
	require.Zero(t, p.stop(t))
}

// servedCertificate returns the certificate that a server presents.
func servedCertificate(t *testing.T, address string) []byte {
	t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}}
	conn, err := dialer.DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	secure, ok := conn.(*tls.Conn)
	require.True(t, ok)
	return secure.ConnectionState().PeerCertificates[0].Raw
}
