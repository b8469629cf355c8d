package architecture_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is the root of the repository.
const root = "../.."

// files returns the paths of all text files of the repository, beginning at its
// root and separated by "/". It leaves out what .gitignore names, the license, and
// files that programs write: lists of checksums and pinned packages.
func files(t *testing.T) []string {
	t.Helper()
	require.FileExists(t, filepath.Join(root, "go.mod"))
	ignoredFolders := []string{".git", "bin", "dist", "node_modules", "artifacts", "tls"}
	ignoredFiles := []string{"LICENSE", "go.sum", "package-lock.json", "requirements.txt", "coverage.out", ".env"}
	ignoredSuffixes := []string{".db", ".db-shm", ".db-wal", ".db-secret", ".secret", ".test"}
	var list []string
	err := fs.WalkDir(os.DirFS(root), ".", func(p string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(ignoredFolders, entry.Name()):
			return fs.SkipDir
		case !entry.Type().IsRegular() || slices.Contains(ignoredFiles, entry.Name()) || entry.Name() == ".git",
			slices.ContainsFunc(ignoredSuffixes, func(s string) bool { return strings.HasSuffix(p, s) }):
			return nil
		}
		if !bytes.ContainsRune(read(t, p), 0) {
			list = append(list, p)
		}
		return nil
	})
	require.NoError(t, err)
	return list
}

// read returns the content of a file, whose path begins at the root.
func read(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	require.NoError(t, err)
	return content
}

// eachLine calls a function for each line of files, with its place ("file:line").
func eachLine(t *testing.T, files []string, do func(place, line string)) {
	t.Helper()
	for _, file := range files {
		n := 0
		for line := range strings.Lines(string(read(t, file))) {
			n++
			do(fmt.Sprintf("%s:%d", file, n), line)
		}
	}
}

// documents returns the Markdown files.
func documents(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(files(t), func(file string) bool { return path.Ext(file) != ".md" })
}

// testNames returns the names of all tests, fuzz targets and benchmarks.
func testNames(t *testing.T, files []string) map[string]bool {
	t.Helper()
	isTest := regexp.MustCompile(`^(Test|Fuzz|Benchmark)[A-Z]`)
	names := map[string]bool{}
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, read(t, file), parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range parsed.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && isTest.MatchString(f.Name.Name) {
				names[f.Name.Name] = true
			}
		}
	}
	return names
}
