package e2e_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
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

	"gatehouse/test/testdb"
)

// codeBlock is a fenced block of a Markdown file.
type codeBlock struct {
	file     string // relative to the root of the repository
	language string
	text     string
	notRun   string // the reason in the comment <!-- not run: … --> before the block
}

// name identifies a block by its file and its first line.
func (b codeBlock) name() string {
	first, _, _ := strings.Cut(b.text, "\n")
	return b.file + ": " + first
}

var (
	fence       = regexp.MustCompile("(?ms)^(?:<!-- not run: ([^\n]+?) -->\n)?```([^\n]*)\n(.*?)^```$")
	looksLikeSh = regexp.MustCompile(`(?m)^\s*([A-Z_]+=\S+ )*(sudo|docker|docker-compose|(bin/|\./)?gatehouse|make|go|git|curl|wget|npm|npx|pip|apt|apt-get|pg_dump|pg_restore|psql|createdb|deploy/\S+|export|openssl|systemctl|journalctl|install|cp|mv|mkdir|chmod|chown|tar|sha256sum|crontab|source|sh|bash)( |$)`)
	// failedCommand matches what a shell, make and gatehouse print about a failure.
	failedCommand = regexp.MustCompile(`(?m)^(gatehouse|bash|make): |command not found|^panic`)
	otherFence    = regexp.MustCompile("(?m)^([ \t>]+```|[ \t]*~~~)")
	trailing      = regexp.MustCompile(`(?m)(^|\s)#`)
)

// codeBlocks returns the blocks of every Markdown file of the repository.
func codeBlocks(t *testing.T) []codeBlock {
	t.Helper()
	var blocks []codeBlock
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != ".." && (strings.HasPrefix(name, ".") || slices.Contains([]string{"node_modules", "bin", "dist", "testdata"}, name)) {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".md" {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel("..", path)
		require.NotRegexp(t, otherFence, string(content), "%s: begin a fence at the start of a line with three backticks", path)
		for _, m := range fence.FindAllStringSubmatch(string(content), -1) {
			blocks = append(blocks, codeBlock{filepath.ToSlash(relative), m[2], m[3], m[1]})
		}
		return err
	}))
	require.Greater(t, len(blocks), 20)
	return blocks
}

// runnableBlock says how the test runs a block of the language sh.
type runnableBlock struct {
	prepare func(t *testing.T, s *scratch)
	check   func(t *testing.T, s *scratch, output string)
	// runsUntil is a line that the block prints before it waits for Ctrl+C; "" for a block
	// that ends by itself.
	runsUntil string
	inTerm    bool // it is also pasted into an interactive shell
}

// runnableBlocks lists all blocks that are run, by their name.
func runnableBlocks() map[string]runnableBlock {
	return map[string]runnableBlock{
		"README.md: make run": {prepare: withSources, runsUntil: "Press Ctrl+C to stop it", check: demoWasStarted},
		"README.md: make build": {prepare: withSources, check: func(t *testing.T, s *scratch, _ string) {
			require.Contains(t, s.run(t, "bin/gatehouse --version"), "gatehouse ")
			require.Contains(t, s.run(t, `"$HOME/.local/bin/gatehouse" --version`), "gatehouse ")
		}},
		"README.md: export GATEHOUSE_ADMIN_USERNAME=ada GATEHOUSE_ADMIN_EMAIL=ada@example.com GATEHOUSE_ADMIN_PASSWORD='at least 8 characters'": {
			prepare: func(t *testing.T, s *scratch) {
				require.NoError(t, os.Mkdir(filepath.Join(s.dir, "bin"), 0o755))
				require.NoError(t, os.Symlink(binary, filepath.Join(s.dir, "bin", "gatehouse")))
			},
			check: firstAppWorks, inTerm: true,
		},
		"docs/connect-your-client.md: gatehouse app create --name Wiki --callback-url https://wiki.example.com/oauth/callback":         registersAnApp("Wiki"),
		"docs/connect-your-app.md: gatehouse app create --name Grafana --callback-url https://grafana.example.com/login/generic_oauth": registersAnApp("Grafana"),
		"docs/operations.md: gatehouse backup backups/gatehouse-2026-11-24.db": {
			prepare: withBackupDirectory,
			check: func(t *testing.T, s *scratch, output string) {
				require.Contains(t, output, "and its secret to backups/gatehouse-2026-11-24.db.secret")
				require.FileExists(t, filepath.Join(s.dir, "backups", "gatehouse-2026-11-24.db.secret"))
			},
		},
		"docs/operations.md: gatehouse restore backups/gatehouse-2026-11-24.db --force": {
			prepare: func(t *testing.T, s *scratch) {
				withBackupDirectory(t, s)
				s.run(t, "gatehouse backup backups/gatehouse-2026-11-24.db && gatehouse user create --username bob --email bob@example.com --json")
			},
			check: func(t *testing.T, s *scratch, output string) {
				require.Contains(t, output, "The database was restored with its secret")
				require.NotContains(t, s.run(t, "gatehouse user list"), "bob")
			},
		},
		"docs/operations.md: GATEHOUSE_DATABASE_URL_FILE=new-database-url gatehouse migrate": {
			prepare: func(t *testing.T, s *scratch) {
				withDatabase(t, s)
				require.NoError(t, os.WriteFile(filepath.Join(s.dir, "new-database-url"), []byte(testdb.Postgres(t)+"\n"), 0o600))
			},
			check: func(t *testing.T, s *scratch, output string) {
				require.Contains(t, output, "All data was copied")
				require.Contains(t, s.run(t, "GATEHOUSE_DATABASE_URL_FILE=new-database-url gatehouse user list"), "ada")
			},
		},
	}
}

// registersAnApp runs a block with `gatehouse app create`.
func registersAnApp(name string) runnableBlock {
	return runnableBlock{prepare: withDatabase, inTerm: true, check: func(t *testing.T, s *scratch, output string) {
		require.Regexp(t, `Client secret +[a-z0-9]{26}`, output)
		require.Contains(t, s.run(t, "gatehouse app list"), name)
	}}
}

func TestEveryCodeBlockIsRunOrSaysWhyNot(t *testing.T) {
	runnable := runnableBlocks()
	for _, b := range codeBlocks(t) {
		if b.language != "sh" {
			require.NotEmpty(t, b.language, "%s: name the language of the block, such as sh, or text for a figure", b.name())
			require.NotContains(t, []string{"bash", "shell", "zsh", "console"}, b.language, "%s: the language of commands is sh", b.name())
			require.Empty(t, b.notRun, "%s: only blocks of the language sh are run", b.name())
			if slices.Contains([]string{"text", "ini", "plain"}, b.language) {
				require.NotRegexp(t, looksLikeSh, b.text, "%s: the language of commands is sh", b.name())
			}
			continue
		}
		if !strings.HasPrefix(b.text, "#!") { // The content of a file is not pasted.
			// zsh passes a comment on a pasted line to the command.
			require.NotRegexp(t, trailing, b.text, "%s: write comments in the text around the block", b.name())
		}
		_, isRun := runnable[b.name()]
		require.NotEqual(t, isRun, b.notRun != "", "%s: add the block to runnableBlocks, or write <!-- not run: REASON --> on the line before it", b.name())
		delete(runnable, b.name())
	}
	require.Empty(t, runnable, "these blocks are in no document")
}

// Each block is pasted at once, exactly as it is written.
func TestCodeBlocksOfTheDocumentsWork(t *testing.T) {
	runnable := runnableBlocks()
	for _, b := range codeBlocks(t) {
		how, ok := runnable[b.name()]
		if !ok {
			continue
		}
		t.Run(b.name(), func(t *testing.T) {
			s := newScratch(t)
			how.prepare(t, s)
			how.check(t, s, s.paste(t, b.text, how.runsUntil))
		})
	}
}

// scratch is a directory in which the user of a document pastes commands.
type scratch struct {
	dir     string
	address string // where a gateway listens
	env     []string
}

func newScratch(t *testing.T) *scratch {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &scratch{dir: t.TempDir(), address: l.Addr().String()}
	require.NoError(t, l.Close())
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
	require.NoError(t, os.Mkdir(filepath.Join(s.dir, "home"), 0o755))
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
			<-ended
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
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel("..", path)
		if err != nil {
			return err
		}
		target := filepath.Join(s.dir, relative)
		switch {
		case d.IsDir() && slices.Contains([]string{".git", "bin", "dist", "node_modules"}, d.Name()):
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case !d.Type().IsRegular():
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o644) //nolint:gosec // the path is ours
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
