package e2e_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestCommands runs each script in testdata in its own directory. The SQLite database
// does not exist at first.
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
