package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/doctor"
	"gatehouse/test/testdb"
)

// certificateFiles writes a certificate for a host and its key, and returns the variables
// that name them.
func certificateFiles(t *testing.T, host string, from, to time.Time) []string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	cert, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	return []string{"GATEHOUSE_TLS_CERT=" + cert, "GATEHOUSE_TLS_KEY=" + keyFile}
}

// configMistake is a configuration with a mistake. The function gets the path of a
// database that is migrated and has its secret, and returns the variables.
type configMistake struct {
	name  string
	make  func(t *testing.T, path string) []string
	rules []string
}

func configMistakes() []configMistake {
	set := func(variables ...string) func(*testing.T, string) []string {
		return func(*testing.T, string) []string { return variables }
	}
	withTLS := func(host string, from, to time.Time, variables ...string) func(*testing.T, string) []string {
		return func(t *testing.T, _ string) []string {
			variables := append([]string{"GATEHOUSE_SITE_URL=https://sso.example.com", "GATEHOUSE_LISTEN=:443"}, variables...)
			return append(variables, certificateFiles(t, host, from, to)...)
		}
	}
	now := time.Now()
	before, after := now.Add(-time.Hour), now.AddDate(0, 3, 0)
	return []configMistake{
		{"none", set(), nil},
		{"none, behind a proxy", set("GATEHOUSE_SITE_URL=https://sso.example.com", "GATEHOUSE_TRUSTED_PROXIES=127.0.0.1"), nil},
		{"none, with a certificate", withTLS("sso.example.com", before, after), nil},
		{"none, on a private network", set("GATEHOUSE_SITE_URL=http://nas.lan:8065", "GATEHOUSE_LISTEN=:8065"), nil},
		{"a mistyped variable", set("GATEHOUSE_SITEURL=https://sso.example.com"), []string{"config.variables"}},
		{"a wrong variable", set("GATEHOUSE_LISTEN=nowhere"), []string{"config.variables"}},
		{"no directory", set("GATEHOUSE_DATABASE_URL=sqlite:no/such/directory/gatehouse.db"), []string{"config.database", "config.secret"}},
		{"no database", func(t *testing.T, _ string) []string {
			return []string{"GATEHOUSE_DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "gatehouse.db")}
		}, []string{"config.new-database"}},
		{"a database in memory", set("GATEHOUSE_DATABASE_URL=sqlite::memory:"), []string{"config.new-database"}},
		{"an empty database", func(t *testing.T, path string) []string { require.NoError(t, os.Truncate(path, 0)); return nil }, []string{"config.new-database"}},
		{"the database is not private", func(t *testing.T, path string) []string {
			require.NoError(t, os.Chmod(path, 0o644)) //nolint:gosec // this is the mistake
			return nil
		}, []string{"config.database"}},
		{"the database is another file", func(t *testing.T, path string) []string {
			require.NoError(t, os.WriteFile(path, []byte("This is not a database, but it is long enough for the header of one.\n"), 0o600))
			return nil
		}, []string{"config.database"}},
		{"the database is damaged", func(t *testing.T, path string) []string {
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			for i := 4096; i < len(content); i++ { // the first page says that it is a database
				content[i] ^= 0x5a
			}
			require.NoError(t, os.WriteFile(path, content, 0o600))
			return nil
		}, []string{"config.database"}},
		{"the last migration is missing", func(t *testing.T, path string) []string {
			status, _, stderr := runCommand(t, []string{"GATEHOUSE_DATABASE_URL=sqlite:" + path}, "migrate", "down", "--yes")
			require.Equal(t, exitOK, status, stderr)
			return nil
		}, []string{"config.migrations"}},
		{"no System Admin", func(t *testing.T, path string) []string {
			environ := []string{"GATEHOUSE_DATABASE_URL=sqlite:" + path}
			status, _, stderr := runCommand(t, environ, "user", "create", "--username", "bob", "--email", "bob@example.com", "--password", "a long password")
			require.Equal(t, exitOK, status, stderr)
			return nil
		}, []string{"config.system-admin"}},
		{"the secret is lost", func(t *testing.T, path string) []string {
			require.NoError(t, os.Remove(path+secretFileSuffix))
			return nil
		}, []string{"config.secret"}},
		{"other users can read the secret", func(t *testing.T, path string) []string {
			require.NoError(t, os.Chmod(path+secretFileSuffix, 0o644)) //nolint:gosec // this is the mistake
			return nil
		}, []string{"config.secret"}},
		{"other users can read a file of a variable", func(t *testing.T, _ string) []string {
			file := filepath.Join(t.TempDir(), "secret")
			require.NoError(t, os.WriteFile(file, newSealingSecret(), 0o644))
			return []string{"GATEHOUSE_SECRET_FILE=" + file}
		}, []string{"config.file-mode"}},
		{"http on the internet", set("GATEHOUSE_SITE_URL=http://sso.example.com", "GATEHOUSE_LISTEN=:80"), []string{"config.plain-http"}},
		{"another port", set("GATEHOUSE_SITE_URL=http://localhost:9000"), []string{"config.listen"}},
		{"only this computer can connect", withTLS("sso.example.com", before, after, "GATEHOUSE_LISTEN=127.0.0.1:443"), []string{"config.listen"}},
		{"no trusted proxy", set("GATEHOUSE_SITE_URL=https://sso.example.com"), []string{"config.proxies"}},
		{"every proxy is trusted", set("GATEHOUSE_SITE_URL=https://sso.example.com", "GATEHOUSE_TRUSTED_PROXIES=0.0.0.0/0"), []string{"config.all-proxies"}},
		{"a certificate for another host", withTLS("www.example.com", before, after), []string{"config.certificate-name"}},
		{"the certificate has expired", withTLS("sso.example.com", before, now.Add(-time.Minute)), []string{"config.certificate-validity"}},
		{"the certificate expires soon", withTLS("sso.example.com", before, now.AddDate(0, 0, 3)), []string{"config.certificate-renewal"}},
	}
}

func TestEachMistakeInTheConfigurationHasItsFinding(t *testing.T) {
	for _, m := range configMistakes() {
		t.Run(m.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "gatehouse.db")
			environ := []string{"GATEHOUSE_DATABASE_URL=sqlite:" + path}
			migrate(t, environ)
			require.NoError(t, createSecretFile(path+secretFileSuffix, newSealingSecret()))
			environ = append(environ, m.make(t, path)...)
			before := contentOf(t, filepath.Dir(path))
			_, broken, r := findings(t, environ, "--config")
			require.ElementsMatch(t, m.rules, broken, "%+v", r.Findings)
			require.Equal(t, before, contentOf(t, filepath.Dir(path)), "nothing is written")
		})
	}
}

// contentOf returns the content of each file of a directory.
func contentOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	files := map[string]string{}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		files[e.Name()] = string(content)
	}
	return files
}

// A newer database and another clock need a server that the tests do not have.
func TestDoctorComparesVersionsAndClocks(t *testing.T) {
	e := &configExamination{Checklist: doctor.NewChecklist(configRules())}
	e.checkSchema(7, 6)
	require.True(t, e.IsBroken(configNewerVersion))
	e.checkClock(1999 * time.Millisecond)
	require.False(t, e.IsBroken(configClock))
	e.checkClock(-3 * time.Second)
	require.True(t, e.IsBroken(configClock))
}

func TestEachRuleOfTheConfigurationHasAMistake(t *testing.T) {
	covered := []string{configNewerVersion, configClock} // TestDoctorComparesVersionsAndClocks
	for _, m := range configMistakes() {
		covered = append(covered, m.rules...)
	}
	for _, rule := range configRules() {
		require.Contains(t, covered, rule.ID)
		require.Regexp(t, `^[A-Z].*\.$`, rule.Change, "a sentence")
		require.FileExists(t, filepath.Join("..", "..", rule.Reference))
	}
}

func TestDoctorChecksEachEngine(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		environ := []string{"GATEHOUSE_DATABASE_URL=" + databaseURL, "GATEHOUSE_SECRET=" + string(newSealingSecret())}
		status, broken, r := findings(t, environ, "--config")
		require.Equal(t, exitOK, status)
		require.Len(t, broken, 1)
		require.Contains(t, []string{"config.new-database", "config.migrations"}, broken[0], "SQLite has no file yet, and PostgreSQL no tables")
		require.True(t, slices.ContainsFunc(r.Findings, func(f doctor.Finding) bool { return f.ID == configSecret && f.Level == doctor.OK }))
		migrate(t, environ)
		status, broken, r = findings(t, environ, "--config", "--strict")
		require.Equal(t, exitOK, status, "%+v", r.Findings)
		require.Empty(t, broken)
	})
}

func TestDoctorReportsADatabaseServerThatDoesNotAnswer(t *testing.T) {
	environ := []string{"GATEHOUSE_DATABASE_URL=postgres://gatehouse:hunter2@127.0.0.1:1/gatehouse", "GATEHOUSE_SECRET=" + string(newSealingSecret())}
	status, broken, r := findings(t, environ, "--config")
	require.Equal(t, exitFailure, status)
	require.Equal(t, []string{"config.database"}, broken)
	for _, f := range r.Findings {
		require.NotContains(t, f.Found, "hunter2")
	}
}
