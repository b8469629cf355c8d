package e2e_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"gatehouse/test/loopback"
)

// scratch is a directory in which the user of a document pastes commands.
type scratch struct {
	dir     string
	address string // where a gateway listens
	env     []string
}

func newScratch(t *testing.T) *scratch {
	t.Helper()
	s := &scratch{dir: t.TempDir(), address: loopback.Reserve(t)}
	s.env = []string{
		"PATH=" + filepath.Dir(binary) + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + filepath.Join(s.dir, "home"), "TMPDIR=" + t.TempDir(),
		"GATEHOUSE_LISTEN=" + s.address, // The documents use the default port, which may be in use.
		"DEMO=--listen 127.0.0.1:0 --client-listen 127.0.0.1:0",
	}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB"} {
		value, err := exec.CommandContext(t.Context(), "go", "env", name).Output() //nolint:gosec // the name is a constant
		require.NoError(t, err)
		s.env = append(s.env, name+"="+strings.TrimSpace(string(value)))
	}
	s.env = append(s.env, "GOFLAGS=-trimpath -buildvcs=false") // so that the packages in the build cache are used
	require.NoError(t, os.Mkdir(filepath.Join(s.dir, "home"), 0o700))
	return s
}

// shell returns a shell in the directory, in a process group of its own that ends with the
// test. Its output goes to the file, because programs in the background keep it open.
func (s *scratch) shell(t *testing.T, output *os.File, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("bash", args...) //nolint:gosec // the blocks of our own documents
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, s.env, output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// paste gives a block to a shell as its standard input and returns the output. If the block
// runs until Ctrl+C, paste waits for the line and calls the check while it runs.
func (s *scratch) paste(t *testing.T, text, runsUntil string) string {
	t.Helper()
	output, err := os.Create(filepath.Join(t.TempDir(), "output"))
	require.NoError(t, err)
	defer func() { require.NoError(t, output.Close()) }()
	read := func() string {
		content, err := os.ReadFile(output.Name())
		require.NoError(t, err)
		return string(content)
	}
	cmd := s.shell(t, output)
	cmd.Stdin = strings.NewReader(text)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }) // what the block started in the background
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	deadline := time.After(5 * time.Minute) // make builds the program
	for {
		select {
		case err := <-ended:
			require.Empty(t, runsUntil, "the block ended:\n%s", read())
			require.NoError(t, err, read())
			require.NotRegexp(t, failedCommand, read(), "a command before the last one failed")
			return read()
		case <-deadline:
			require.FailNow(t, "the block did not end", read())
		case <-time.After(50 * time.Millisecond):
			if runsUntil == "" || !strings.Contains(read(), runsUntil) {
				continue
			}
			printed := read()
			for _, url := range address.FindAllString(printed, -1) { // as long as it runs
				code, _, _ := status(t, url)
				require.Equal(t, http.StatusOK, code, url)
			}
			require.NoError(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)) // Ctrl+C
			select {
			case err := <-ended:
				t.Logf("after Ctrl+C: %v", err) // the status of make
			case <-deadline:
				require.FailNow(t, "the block did not end after Ctrl+C", read())
			}
			return printed
		}
	}
}

// run runs a command in the directory and returns its standard output.
func (s *scratch) run(t *testing.T, command string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", command) //nolint:gosec // a command of the test
	cmd.Dir, cmd.Env = s.dir, s.env
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		require.NoError(t, err, "%s\n%s", command, exit.Stderr)
	}
	require.NoError(t, err, command)
	return string(out)
}

// withSources copies the repository to the directory, as git clone does.
func withSources(t *testing.T, s *scratch) {
	t.Helper()
	repository := os.DirFS("..")
	require.NoError(t, fs.WalkDir(repository, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(s.dir, filepath.FromSlash(file))
		switch {
		case d.IsDir() && slices.Contains([]string{".git", "bin", "dist", "node_modules"}, d.Name()):
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(target, 0o700)
		case !d.Type().IsRegular():
			return nil
		}
		content, err := fs.ReadFile(repository, file)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o600)
	}))
}

// withDatabase creates a database with the user ada, and its secret.
func withDatabase(t *testing.T, s *scratch) {
	t.Helper()
	s.run(t, "gatehouse migrate && gatehouse user create --username ada --email ada@example.com --json")
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "gatehouse.db.secret"), []byte(sealingSecret), 0o600))
}

func withBackupDirectory(t *testing.T, s *scratch) {
	t.Helper()
	withDatabase(t, s)
	require.NoError(t, os.Mkdir(filepath.Join(s.dir, "backups"), 0o700))
}

func demoWasStarted(t *testing.T, _ *scratch, output string) {
	t.Helper()
	require.Len(t, address.FindAllString(output, -1), 2, output)
	require.Contains(t, output, "with the password")
}

// firstAppWorks signs in as the first System Admin at the gateway that the block left
// running, with the client that it registered.
func firstAppWorks(t *testing.T, s *scratch, output string) {
	t.Helper()
	id := regexp.MustCompile(`Client ID +([a-z0-9]{26})`).FindStringSubmatch(output)
	secret := regexp.MustCompile(`Client secret +([a-z0-9]{26})`).FindStringSubmatch(output)
	require.Len(t, id, 2, output)
	require.Len(t, secret, 2, output)
	p := &process{url: "http://" + s.address}
	app := at(oauth2.Config{ClientID: id[1], ClientSecret: secret[1], RedirectURL: "https://wiki.example.com/oauth/callback"}, p)
	token, err := app.Exchange(t.Context(), newBrowser(t).authorize(t, app.AuthCodeURL("x"), credentials{"ada", "at least 8 characters"}))
	require.NoError(t, err)
	answer, username, err := me(t.Context(), p, token.AccessToken)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer)
	require.Equal(t, "ada", username)
}
