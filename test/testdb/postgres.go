package testdb

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Durability says whether a server waits for the disk at each commit.
type Durability bool

// A Fast server may lose data if the machine crashes, which does not matter to a
// test. A Durable server waits for the disk as in production.
const (
	Fast    Durability = false
	Durable Durability = true
)

// Server is a private PostgreSQL server.
type Server struct {
	URL   string // of the database postgres, as a superuser
	watch io.Closer
	ended chan error
	log   *bytes.Buffer
}

// guard starts the server and waits for the end of its standard input. The pipe is
// closed by Stop, or by the kernel when the process that started guard ends, even
// if that process was killed. Then guard stops the server and removes its directory.
const guard = `
bin=$1 dir=$2; shift 2
"$bin/initdb" -D "$dir/data" -U postgres -A trust --encoding=UTF8 --no-locale --no-sync >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; rm -rf "$dir"; exit 1; }
"$bin/postgres" -D "$dir/data" -k "$dir" "$@" </dev/null &
server=$!
trap '' INT TERM HUP
cat >/dev/null
kill -INT $server 2>/dev/null
wait $server
rm -rf "$dir"
`

// StartPostgres starts a private server. The server stops when Stop is called or
// when this process ends. If PostgreSQL is not installed, the error says how to
// install it.
func StartPostgres(durability Durability) (*Server, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	parent := "" // the temporary directory
	if durability == Fast {
		parent = memory()
	}
	dir, err := os.MkdirTemp(parent, "gatehouse-pg-")
	if err != nil {
		return nil, fmt.Errorf("create a directory for PostgreSQL: %w", err)
	}
	attributes, err := unprivileged(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	fsync := "off"
	if durability == Durable {
		fsync = "on"
	}
	cmd := exec.Command("sh", "-c", guard, "guard", bin, dir, //nolint:gosec // our own script
		"-c", "listen_addresses=", "-c", "max_connections=400", "-c", "shared_buffers=64MB",
		"-c", "fsync="+fsync, "-c", "synchronous_commit=on", "-c", "full_page_writes="+fsync,
		"-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "autovacuum=off", "-c", "log_min_messages=fatal", "-c", "log_min_error_statement=panic")
	cmd.Dir, cmd.SysProcAttr = "/", attributes
	log := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = log, log
	watch, err := cmd.StdinPipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w", err), os.RemoveAll(dir))
	}
	s := &Server{
		URL:   "postgres://postgres@/postgres?" + url.Values{"host": {dir}}.Encode(),
		watch: watch, ended: make(chan error, 1), log: log,
	}
	go func() { s.ended <- cmd.Wait() }()
	if err := s.waitUntilUp(); err != nil {
		return nil, errors.Join(err, watch.Close())
	}
	return s, nil
}

// Stop stops the server and removes its data.
func (s *Server) Stop() error {
	if err := s.watch.Close(); err != nil {
		return err
	}
	return <-s.ended
}

func (s *Server) waitUntilUp() error {
	db, err := sql.Open("pgx", s.URL)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for poll := time.NewTicker(20 * time.Millisecond); ; {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.ended: //nolint:errcheck // the log says more than the exit status
			return fmt.Errorf("PostgreSQL did not start: %s", s.log)
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL did not start within a minute: %w", err)
		case <-poll.C:
		}
	}
}

// memory returns a directory in memory that has 1 GiB free, or "" if there is no
// such directory. A new database is 300 new files, which takes ten times as long
// on a disk.
func memory() string {
	const shm, room = "/dev/shm", 1 << 30
	var stat syscall.Statfs_t
	if err := syscall.Statfs(shm, &stat); err != nil || stat.Bavail*uint64(stat.Bsize) < room { //nolint:gosec // a block size is positive
		return ""
	}
	return shm
}

// versionInPath finds the version in the path of a directory such as
// /usr/lib/postgresql/17/bin.
var versionInPath = regexp.MustCompile(`[0-9]+`)

// findBinaries returns the directory of the newest initdb and postgres. The
// distributions do not put it on the PATH: each version has a directory. .ci/needs
// looks in the same places.
func findBinaries() (string, error) {
	candidates, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	for _, pattern := range []string{"/usr/libexec/postgresql*", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		candidates = append(candidates, more...)
	}
	if initdb, err := exec.LookPath("initdb"); err == nil {
		candidates = append(candidates, filepath.Dir(initdb))
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		candidates = append(candidates, strings.TrimSpace(string(out)))
	}
	newest, newestVersion := "", -1
	for _, dir := range candidates {
		_, initdb := os.Stat(filepath.Join(dir, "initdb"))
		_, postgres := os.Stat(filepath.Join(dir, "postgres"))
		version, _ := strconv.Atoi(versionInPath.FindString(dir)) // 0 if the path has none
		if initdb == nil && postgres == nil && version > newestVersion {
			newest, newestVersion = dir, version
		}
	}
	if newest != "" {
		return newest, nil
	}
	return "", fmt.Errorf("the tests need PostgreSQL's server programs (initdb, postgres); install them with: %s", installCommand())
}

func installCommand() string {
	for _, m := range [][2]string{
		{"apt-get", "sudo apt-get install -y postgresql"},
		{"dnf", "sudo dnf install -y postgresql-server"},
		{"apk", "sudo apk add postgresql"},
		{"pacman", "sudo pacman -S --noconfirm postgresql"},
		{"brew", "brew install postgresql"},
	} {
		if _, err := exec.LookPath(m[0]); err == nil {
			return m[1]
		}
	}
	return "the package manager of this system (the package is usually called postgresql)"
}

// unprivileged returns attributes that detach the server from the terminal, so that
// Ctrl-C does not reach it. If this process runs as root, the server runs as the
// user postgres or nobody, and that user becomes the owner of the directory.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	attributes := &syscall.SysProcAttr{Setsid: true}
	if os.Geteuid() != 0 {
		return attributes, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, err
		}
		attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return attributes, os.Chown(dir, int(uid), int(gid))
	}
	return nil, errors.New("PostgreSQL does not run as root, and neither the user postgres nor the user nobody exists")
}
