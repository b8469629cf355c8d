package browser_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"gatehouse/e2e/browser/drive"
)

// binary is the path of the gateway that the tests run. All tests share the browser
// chromium.
var (
	binary   string
	chromium *drive.Browser
)

func TestMain(m *testing.M) {
	status, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "browser tests:", err)
		status = 1
	}
	os.Exit(status)
}

func run(m *testing.M) (status int, err error) {
	dir, err := os.MkdirTemp("", "gatehouse-e2e-browser-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary = filepath.Join(dir, "gatehouse")
	if err := build(); err != nil {
		return 1, err
	}
	if chromium, err = drive.Start(); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, chromium.Close()) }()
	return m.Run(), nil
}

// build builds the command. `go test` repeats a cached result unless a file that the
// test read has changed. These tests depend on every file of the repository, so
// build opens every folder.
func build() error {
	err := filepath.WalkDir("../..", func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "bin" || entry.Name() == "artifacts") {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "gatehouse/cmd/gatehouse") //nolint:gosec // a constant path
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	return nil
}
