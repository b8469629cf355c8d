package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binary is the path of the gatehouse binary that the tests run.
var binary string

func TestMain(m *testing.M) {
	status, err := testBinary(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
	}
	os.Exit(status)
}

func testBinary(m *testing.M) (status int, err error) {
	dir, err := os.MkdirTemp("", "gatehouse-e2e-")
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "gatehouse")
	build := exec.Command("go", "build", "-buildvcs=false", "-ldflags", "-X main.version=9.8.7", "-o", binary, "gatehouse/cmd/gatehouse") //nolint:gosec // our own command
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return 1, fmt.Errorf("build: %w", err)
	}
	return m.Run(), nil
}
