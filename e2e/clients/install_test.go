package clients_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"

	"gatehouse/e2e/cache"
)

// installError says which step of an installation failed and what to do.
type installError struct {
	what   string
	output []byte
	remedy string
}

func (e *installError) Error() string {
	return fmt.Sprintf("%s failed: %s\n%s", e.what, e.remedy, e.output)
}

// nodeModules returns a folder with the packages of node/package-lock.json.
var nodeModules = sync.OnceValues(func() (string, error) {
	needs := errors.New("the JavaScript clients need Node.js 20 or newer with npm; install them with: " + installCommand("nodejs npm", "node"))
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", needs
	}
	if err := exec.Command("node", "-e", "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)").Run(); err != nil {
		return "", needs
	}
	dir, err := cache.Dir("node", []string{"node/package.json", "node/package-lock.json"}, func(dir string) error {
		if err := os.CopyFS(dir, os.DirFS("node")); err != nil {
			return err
		}
		cmd := exec.Command(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
		cmd.Dir = dir
		if output, err := cmd.CombinedOutput(); err != nil {
			return &installError{"npm ci", output, "check that the npm registry can be reached, and run: cd e2e/clients/node && npm ci"}
		}
		return nil
	})
	return filepath.Join(dir, "node_modules"), err
})

// python returns an interpreter with the packages of python/requirements.txt.
var python = sync.OnceValues(func() (string, error) {
	needs := errors.New("the Python clients need Python 3.11 or newer with venv; install them with: " + installCommand("python3 python3-venv", "python"))
	python, err := exec.LookPath("python3")
	if err != nil {
		return "", needs
	}
	if err := exec.Command(python, "-c", "import venv, ensurepip, sys; sys.exit(sys.version_info < (3, 11))").Run(); err != nil { //nolint:gosec // found on the PATH
		return "", needs
	}
	dir, err := cache.Dir("python", []string{"python/requirements.txt"}, func(dir string) error {
		if output, err := exec.Command(python, "-m", "venv", dir).CombinedOutput(); err != nil { //nolint:gosec // as above
			return &installError{"python3 -m venv", output, needs.Error()}
		}
		cmd := exec.Command(filepath.Join(dir, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement", "python/requirements.txt") //nolint:gosec // as above
		if output, err := cmd.CombinedOutput(); err != nil {
			return &installError{"pip install", output, "check that the Python package index can be reached, and run: python3 -m pip download --no-deps -d /tmp -r e2e/clients/python/requirements.txt"}
		}
		return nil
	})
	return filepath.Join(dir, "bin", "python"), err
})

// installCommand returns the command that installs packages with the package manager
// of this system.
func installCommand(debian, brew string) string {
	if runtime.GOOS == "darwin" {
		return "brew install " + brew
	}
	return "sudo apt-get install -y " + debian
}
