package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testdb"
)

// cronJob returns the environment and the command of the crontab in docs/operations.md, with
// the paths of a test.
func cronJob(t *testing.T, oldnew ...string) (env []string, command string) {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```crontab\n# /etc/cron.d/gatehouse-backup\n(.*?)```").FindSubmatch(text)
	require.NotNil(t, block)
	for line := range strings.Lines(replaceAll(t, string(block[1]), oldnew...)) {
		line = strings.TrimSpace(line)
		if job := regexp.MustCompile(`^\S+ \S+ \* \* \* gatehouse (.*)$`).FindStringSubmatch(line); job != nil {
			command = job[1]
			continue
		}
		require.Regexp(t, `^[A-Z_]+=`, line)
		env = append(env, line)
	}
	require.NotEmpty(t, command)
	require.NotContains(t, command, "%", "cron reads a % as the end of the command")
	return env, command
}

// TestBackupByCron runs the line of the crontab while the gateway runs, restores what it
// wrote, and checks which files it deletes.
func TestBackupByCron(t *testing.T) {
	databaseURL := testdb.SQLite(t)
	admin := withAdmin(databaseURL)
	env := append(admin[:1:1], admin[2:]...) // the secret is in the file beside the database
	gateway := serve(t, env...)
	run(t, []string{"GATEHOUSE_DATABASE_URL=" + databaseURL}, "user", "create", "--username", "ada", "--email", "ada@example.com")

	script, err := filepath.Abs("../deploy/backup.sh")
	require.NoError(t, err)
	backups := filepath.Join(t.TempDir(), "backups")
	jobEnv, command := cronJob(t, "sqlite:/var/lib/gatehouse/gatehouse.db", databaseURL, "PATH=/usr/local/bin", "PATH="+filepath.Dir(binary), "/usr/local/lib/gatehouse/backup.sh", script, "/var/backups/gatehouse", backups)
	job := func(env ...string) (string, error) {
		cmd := exec.Command("/bin/sh", "-c", command) //nolint:gosec // the line of the documentation
		cmd.Env = append(append([]string{"HOME=/", "LOGNAME=gatehouse", "SHELL=/bin/sh", "TMPDIR=" + t.TempDir()}, jobEnv...), env...)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	files := func() (names []string) {
		entries, err := os.ReadDir(backups)
		require.NoError(t, err)
		for _, entry := range entries {
			names = append(names, entry.Name())
			info, err := entry.Info()
			require.NoError(t, err)
			require.Zero(t, info.Mode().Perm()&0o077, "other users cannot read %s", entry.Name())
		}
		return names
	}

	out, err := job()
	require.NoError(t, err, out)
	require.Empty(t, out, "cron sends mail only if something failed")
	names := files()
	require.Len(t, names, 2, "the database and its secret")
	require.Regexp(t, `^gatehouse-\d{4}-\d\d-\d\dT\d{6}Z\.db$`, names[0])
	require.Equal(t, names[0]+".secret", names[1])

	// The backup is the whole state: it is restored on another machine, and ada is there.
	restored := "sqlite:" + filepath.Join(t.TempDir(), "restored.db")
	run(t, []string{"GATEHOUSE_DATABASE_URL=" + restored}, "restore", filepath.Join(backups, names[0]))
	require.Contains(t, run(t, []string{"GATEHOUSE_DATABASE_URL=" + restored}, "user", "list"), "ada@example.com")

	// Old backups are deleted, and nothing else.
	now := time.Now()
	for name, age := range map[string]int{
		"gatehouse-2020-01-01T031500Z.db": 16, "gatehouse-2020-01-01T031500Z.db.secret": 16, "gatehouse-2020-01-02T031500Z.db": 13,
		"gatehouse-notes.txt": 99, "other.db": 99, "gatehouse-2020-01-03T031500Z.db.keep": 99,
	} {
		write(t, filepath.Join(backups, name), "x")
		require.NoError(t, os.Chtimes(filepath.Join(backups, name), now, now.AddDate(0, 0, -age)))
	}
	removeNewest := func() { // names have seconds, so a second backup within one would be refused
		for _, name := range names {
			require.NoError(t, os.Remove(filepath.Join(backups, name)))
		}
	}
	removeNewest()

	// A backup that fails deletes nothing.
	out, err = job("GATEHOUSE_DATABASE_URL=sqlite:" + filepath.Join(backups, "other.db"))
	require.Error(t, err)
	require.NotEmpty(t, out, "the mail says why")
	require.Contains(t, files(), "gatehouse-2020-01-01T031500Z.db")

	out, err = job()
	require.NoError(t, err, out)
	names = files()
	require.NotContains(t, names, "gatehouse-2020-01-01T031500Z.db")
	require.NotContains(t, names, "gatehouse-2020-01-01T031500Z.db.secret")
	for _, kept := range []string{"gatehouse-2020-01-02T031500Z.db", "gatehouse-notes.txt", "other.db", "gatehouse-2020-01-03T031500Z.db.keep"} {
		require.Contains(t, names, kept)
	}
	require.Len(t, names, 6)
	require.Zero(t, gateway.stop(t))
}
