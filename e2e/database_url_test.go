package e2e_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
	"gatehouse/test/testdb"
)

// execute runs statements on a PostgreSQL database.
func execute(t *testing.T, databaseURL string, statements ...string) {
	t.Helper()
	db, err := sql.Open("pgx", databaseURL)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	for _, statement := range statements {
		_, err := db.ExecContext(context.Background(), statement)
		require.NoError(t, err, statement)
	}
}

// withUser returns a database URL with another user.
func withUser(t *testing.T, databaseURL string, user *url.Userinfo) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	require.NoError(t, err)
	u.User = user
	return u.String()
}

// TestMissingPermissionForTheSchemaIsReportedWithTheGrant uses roles that do not own the
// database: since PostgreSQL 15 they cannot create tables in the schema public.
func TestMissingPermissionForTheSchemaIsReportedWithTheGrant(t *testing.T) {
	for _, tc := range []struct{ name, statement string }{
		{"no CREATE, the default since PostgreSQL 15", "REVOKE CREATE ON SCHEMA public FROM PUBLIC"},
		{"neither CREATE nor USAGE", "REVOKE ALL ON SCHEMA public FROM PUBLIC"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			databaseURL := testdb.Postgres(t)
			role := "Gate house " + gatehouse.NewID()
			quoted := pgx.Identifier{role}.Sanitize()
			execute(t, databaseURL, "CREATE ROLE "+quoted+" LOGIN", tc.statement)
			t.Cleanup(func() { execute(t, databaseURL, "DROP OWNED BY "+quoted, "DROP ROLE "+quoted) })
			roleURL := withUser(t, databaseURL, url.User(role))
			env := []string{"GATEHOUSE_DATABASE_URL=" + roleURL, "GATEHOUSE_SECRET=" + sealingSecret, "GATEHOUSE_LISTEN=127.0.0.1:0"}
			grant := "GRANT USAGE, CREATE ON SCHEMA public TO " + quoted
			for _, args := range [][]string{{"serve"}, {"migrate", "up"}} {
				p := launch(t, env, args...)
				require.Equal(t, 1, p.await(t), "%v", args)
				require.Contains(t, p.log.String(), "run as the owner of the database: "+grant, "%v", args)
			}
			execute(t, databaseURL, grant) // exactly the statement of the error
			run(t, env, "migrate", "up")
		})
	}
}

// TestDatabasePasswordIsNeverPrinted opens databases with URLs that hold a password:
// malformed, misread, unreachable and refused. Neither an error of storage nor any output of
// a command has a part of the password, encoded or not.
func TestDatabasePasswordIsNeverPrinted(t *testing.T) {
	testdb.NeedsPostgres(t)
	server, err := testdb.StartPostgres(testdb.Fast)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	execute(t, server.URL, "CREATE ROLE ann LOGIN PASSWORD 'another one'",
		`DO $$ BEGIN EXECUTE format('COPY (SELECT line FROM (VALUES (%L), (%L)) AS v(line)) TO %L', 'local all ann scram-sha-256', 'local all all trust', current_setting('hba_file')); END $$`,
		"SELECT pg_reload_conf()")
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	socket := url.QueryEscape(u.Query().Get("host"))

	passfile := filepath.Join(t.TempDir(), "pgpass")
	var urls []string
	var passwords []string
	add := func(password string, forms ...string) {
		passwords = append(passwords, password)
		for _, form := range forms {
			for _, written := range []string{password, url.QueryEscape(password), url.PathEscape(password)} {
				urls = append(urls, strings.ReplaceAll(form, "PASSWORD", written))
			}
		}
	}
	forms := []string{
		"postgres://ann:PASSWORD@127.0.0.1:1/gatehouse",                  // no server
		"postgres://ann:PASSWORD@no-such-host.invalid/gatehouse",         // no such host
		"postgres://ann:PASSWORD@/postgres?host=" + socket,               // a wrong password
		"postgres://ann@/postgres?password=PASSWORD&host=" + socket,      // in a parameter
		"postgres://ann@/postgres?host=" + socket + "&password=PASSWORD", // at the end
		"postgres://ann:PASSWORD@127.0.0.1:1/gatehouse?sslmode=nonsense",
		"postgres://ann@/no_such_database?host=" + socket + "&sslpassword=PASSWORD&password=x",
		"postgres://ann:PASSWORD@127.0.0.1:1/gatehouse?sslrootcert=/no/such/file",
		"postgres://ann:PASSWORD@127.0.0.1:port/gatehouse",
		"postgres://ann:PASSWORD@[::1/gatehouse",
		"postgres://:PASSWORD@127.0.0.1:1/gatehouse",
		"postgresql://ann:PASSWORD@127.0.0.1:1,127.0.0.2:1/gatehouse",
		"postgres://ann:PASSWORD@/gatehouse?connect_timeout=soon",
		"host=127.0.0.1 port=1 user=ann password=PASSWORD dbname=x", // libpq's other form
		"postgress://ann:PASSWORD@127.0.0.1:1/gatehouse",
		"Postgres://ann:PASSWORD@127.0.0.1:1/gatehouse",
		" postgres://ann:PASSWORD@127.0.0.1:1/gatehouse",
		"'postgres://ann:PASSWORD@127.0.0.1:1/gatehouse'",
		"postgres:ann:PASSWORD@127.0.0.1:1/gatehouse",
		"postgres:/ann:PASSWORD@127.0.0.1:1/gatehouse",
		"sqlite://ann:PASSWORD@127.0.0.1:1/gatehouse",
		"mysql://ann:PASSWORD@127.0.0.1:1/gatehouse",
		"ann:PASSWORD@127.0.0.1:1/gatehouse",
	}
	for _, password := range []string{
		"Zq7vXw9kKv3jJm5y", "Zq7v@Xw9k", "Zq7v/Xw9k", "64917/Xw9k", "64917/Xw9k@Kv3j", "Zq7v?Xw9k", "64917?Xw9k", "64917?Xw9k=Kv3j&Jm5y=Yp8z", "Zq7v#Xw9k", "64917#Xw9k",
		"Zq7v%Xw9k", "Zq7v%20Xw9k", "Zq7v:Xw9k", "Zq7v&Xw9k", "Zq7v&Xw9k=Kv3j", "Zq7v;Xw9k", "Zq7v Xw9k", "Zq7v'Xw9k", `Zq7v\Xw9k`, "Zq7v,Xw9k:64917", "Zq7v[Xw9k]", "Zq7v+Xw9k", "Zq7v=Xw9k", "@Zq7v/Xw9k", "Zq7v@Xw9k#Kv3j", "Zq7vÜÜÜÜXw9k",
	} {
		add(password, forms...)
	}
	require.NoError(t, os.WriteFile(passfile, []byte("*:*:*:ann:"+passwords[0]+"\n"), 0o600))
	urls = append(urls, "postgres://ann@/postgres?host="+socket, "postgres://ann@/postgres?host="+socket+"&passfile="+url.QueryEscape(passfile))

	// An error of the resolver has the port of its request, whose digits may be those of a password.
	ports := regexp.MustCompile(`:[0-9]+->`)
	requireHidden := func(out, databaseURL string) {
		t.Helper()
		out = ports.ReplaceAllString(out, "->")
		for _, password := range passwords {
			for i := 0; i+4 <= len(password); i++ {
				require.NotContains(t, out, password[i:i+4], databaseURL)
				if encoded := url.QueryEscape(password[i : i+4]); len(encoded) > 4 {
					require.NotContains(t, out, encoded, databaseURL)
				}
			}
		}
	}
	t.Setenv("PGPASSFILE", passfile)
	for _, databaseURL := range urls {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		_, err := storage.Open(ctx, storage.Options{URL: databaseURL})
		cancel()
		require.Error(t, err, databaseURL)
		requireHidden(strings.NewReplacer(passfile, "", u.Query().Get("host"), "").Replace(err.Error()), databaseURL)
	}

	dir := t.TempDir()
	check := func(databaseURL string, env []string, args ...string) {
		t.Helper()
		p := launch(t, append(env, "GATEHOUSE_SECRET="+sealingSecret, "GATEHOUSE_LISTEN=127.0.0.1:0", "GATEHOUSE_LOG_LEVEL=debug", "PGPASSFILE="+passfile, "PGCONNECT_TIMEOUT=2"), args...)
		require.NotZero(t, p.await(t), "%v", args)
		out := p.log.String() + p.stdout.String()
		require.NotEmpty(t, out)
		// The names of temporary directories have digits, as one of the passwords has.
		requireHidden(strings.NewReplacer(dir, "", p.cmd.Dir, "", passfile, "", socket, "", u.Query().Get("host"), "").Replace(out), databaseURL)
	}
	// A prime step: each form, each password and each command comes up.
	for i := 0; i < len(urls); i += 29 {
		databaseURL := urls[i]
		env := []string{"GATEHOUSE_DATABASE_URL=" + databaseURL}
		check(databaseURL, env, "serve")
		switch (i / 29) % 4 {
		case 0:
			check(databaseURL, env, "backup", filepath.Join(dir, "backup"))
		case 1:
			check(databaseURL, nil, "migrate-data", "--from", databaseURL, "--to", "sqlite:"+filepath.Join(dir, "other.db"))
		case 2:
			file := filepath.Join(dir, fmt.Sprintf("url%d", i))
			require.NoError(t, os.WriteFile(file, []byte(databaseURL+"\n"), 0o600))
			check(databaseURL, []string{"GATEHOUSE_DATABASE_URL_FILE=" + file}, "user", "list")
		case 3:
			check(databaseURL, nil, "demo", "--listen", "127.0.0.1:0", "--client-listen", "127.0.0.1:0", "--database", databaseURL)
		}
	}
}
