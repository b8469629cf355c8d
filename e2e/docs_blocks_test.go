package e2e_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
	repository := os.DirFS("..")
	require.NoError(t, fs.WalkDir(repository, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && file != "." && (strings.HasPrefix(name, ".") || slices.Contains([]string{"node_modules", "bin", "dist", "testdata"}, name)) {
			return fs.SkipDir
		}
		if d.IsDir() || path.Ext(name) != ".md" {
			return nil
		}
		content, err := fs.ReadFile(repository, file)
		if err != nil {
			return err
		}
		require.NotRegexp(t, otherFence, string(content), "%s: begin a fence at the start of a line with three backticks", file)
		for _, m := range fence.FindAllStringSubmatch(string(content), -1) {
			blocks = append(blocks, codeBlock{file, m[2], m[3], m[1]})
		}
		return nil
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
				require.NoError(t, os.Mkdir(filepath.Join(s.dir, "bin"), 0o700))
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
		"docs/connect-your-client.md: gatehouse demo --ephemeral --callback-url http://localhost/auth/callback": {
			prepare: func(*testing.T, *scratch) {}, runsUntil: `"is_system_admin"`,
			check: func(t *testing.T, _ *scratch, output string) {
				require.Contains(t, output, `"redirect_uris":["http://localhost/auth/callback"]`)
			},
		},
		"docs/operations.md: gatehouse doctor --config": {prepare: withDatabase, inTerm: true, check: func(t *testing.T, _ *scratch, output string) {
			require.Contains(t, output, "0 errors, ")
		}},
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
