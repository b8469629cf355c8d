package architecture_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// proofs are the documents that name tests and files as proof of what they say.
var proofs = []string{"docs/requirements.md", "docs/rfc-coverage.md", "docs/attacks.md"}

var (
	namedTest = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9_]*)`")
	namedFile = regexp.MustCompile("`([a-z0-9_/.]+\\.go)`")
)

// What the documents name as proof is there. What the tests prove is for people to judge.
func TestTheTestsThatDocumentsNameExist(t *testing.T) {
	tests := testNames(t)
	for _, document := range proofs {
		text, err := os.ReadFile(filepath.Join("../..", document))
		require.NoError(t, err)
		names := namedTest.FindAllStringSubmatch(string(text), -1)
		require.NotEmpty(t, names, document)
		for _, name := range names {
			if !tests[name[1]] {
				t.Errorf("%s names %s, which is no test", document, name[1])
			}
		}
		for _, name := range namedFile.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join("../..", name[1])); err != nil {
				t.Errorf("%s names %s, which is no file", document, name[1])
			}
		}
	}
}

// Every row of a table of rules says how it is proved, or why it is not.
func TestEveryRuleHasItsProof(t *testing.T) {
	text, err := os.ReadFile("../../docs/rfc-coverage.md")
	require.NoError(t, err)
	rows := 0
	for _, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if !strings.HasPrefix(line, "| §") {
			continue
		}
		rows++
		require.Len(t, cells, 4, line)
		last := cells[3]
		if !namedTest.MatchString(last) && !strings.HasPrefix(last, "does not apply: ") && !strings.HasPrefix(last, "not met: ") && !strings.HasPrefix(last, "by construction: ") {
			t.Errorf("no test and no reason: %s", line)
		}
	}
	require.Greater(t, rows, 100)
}

// testNames are the names of all tests, those of modules below ours included.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir("../..", func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules") && p != "../.." {
			return fs.SkipDir
		}
		if !strings.HasSuffix(p, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range parsed.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && (strings.HasPrefix(f.Name.Name, "Test") || strings.HasPrefix(f.Name.Name, "Fuzz")) {
				names[f.Name.Name] = true
			}
		}
		return nil
	})
	require.NoError(t, err)
	return names
}
