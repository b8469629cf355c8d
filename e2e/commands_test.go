package e2e_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestCommands runs each script in testdata in a directory of its own, with a
// SQLite database that is not there yet.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(binary)+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("GATEHOUSE_DATABASE_URL", "sqlite:gatehouse.db")
			return nil
		},
		RequireExplicitExec: true,
	})
}
