package testdb

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Pooler is a pgbouncer in transaction mode: each transaction may run on another
// session of the server. It does not support prepared statements, as most
// versions in use do not.
type Pooler struct {
	dir  string
	stop func() error
}

// pgbouncerGuard stops the pooler when the process that started it has ended, as guard does for servers.
const pgbouncerGuard = `
program=$1 dir=$2
"$program" -q "$dir/pgbouncer.ini" </dev/null &
pooler=$!
trap '' INT TERM HUP
cat >/dev/null
kill -TERM $pooler 2>/dev/null
wait $pooler
rm -rf "$dir"
`

// StartPooler starts a pgbouncer in front of the server of Postgres and stops it
// at the end of the test. If pgbouncer is not installed, the test fails. The
// settings are lines for pgbouncer.ini that replace the defaults.
func StartPooler(t testing.TB, settings ...string) *Pooler {
	t.Helper()
	NeedsPostgres(t)
	p, err := startPooler(sharedServer(t), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Errorf("stop pgbouncer: %v", err)
		}
	})
	return p
}

// URL returns the URL that leads to the same database through the pooler.
func (p *Pooler) URL(t testing.TB, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	return p.address(strings.TrimPrefix(u.Path, "/"))
}

func (p *Pooler) address(database string) string {
	return "postgres://pooled@/" + database + "?" + url.Values{"host": {p.dir}, "port": {"6432"}}.Encode()
}

func startPooler(server string, settings []string) (*Pooler, error) {
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		if program = "/usr/sbin/pgbouncer"; !isFile(program) {
			return nil, errors.New("the tests need pgbouncer; install it with the package manager of this system, for example: sudo apt-get install -y pgbouncer")
		}
	}
	dir, err := os.MkdirTemp("", "gatehouse-pgbouncer-")
	if err != nil {
		return nil, fmt.Errorf("create a directory for pgbouncer: %w", err)
	}
	ini, err := poolerConfig(server, dir, settings)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "pgbouncer.ini"), []byte(ini), 0o644) //nolint:gosec // pgbouncer may run as another user, who reads it
	}
	attributes, attributesErr := unprivileged(dir)
	if err = errors.Join(err, attributesErr); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	cmd := exec.Command("sh", "-c", pgbouncerGuard, "guard", program, dir) //nolint:gosec // our own script
	cmd.Dir, cmd.SysProcAttr = "/", attributes
	log := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = log, log
	watch, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start pgbouncer: %w", err), os.RemoveAll(dir))
	}
	p := &Pooler{dir: dir, stop: func() error { return errors.Join(watch.Close(), cmd.Wait()) }}
	if err := p.waitUntilUp(); err != nil {
		return nil, errors.Join(err, p.stop(), errors.New(log.String()))
	}
	return p, nil
}

func poolerConfig(server, dir string, settings []string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", fmt.Errorf("%s is not a valid URL", URLVariable)
	}
	target := []string{"user=" + u.User.Username()}
	if password, ok := u.User.Password(); ok {
		target = append(target, "password="+password)
	}
	host, port := u.Hostname(), u.Port()
	if socket := u.Query().Get("host"); socket != "" {
		host = socket
	}
	target = append(target, "host="+host)
	if port != "" {
		target = append(target, "port="+port)
	}
	return fmt.Sprintf(`[databases]
* = %s
[pgbouncer]
unix_socket_dir = %s
listen_port = 6432
auth_type = any
pool_mode = transaction
max_client_conn = 1000
default_pool_size = 8
server_idle_timeout = 5
log_connections = 0
log_disconnections = 0
%s
`, strings.Join(target, " "), dir, strings.Join(settings, "\n")), nil
}

func (p *Pooler) waitUntilUp() error {
	db, err := sql.Open("pgx", p.address("postgres")+"&default_query_exec_mode=simple_protocol")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for poll := time.NewTicker(20 * time.Millisecond); ; {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("pgbouncer did not start within 30 seconds: %w", err)
		case <-poll.C:
		}
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
