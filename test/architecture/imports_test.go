package architecture_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "gatehouse"

// peers do the jobs; each declares what it needs, and none knows another.
var peers = []string{"provider", "consent", "registration", "account", "console"}

// allowed says what the production code of a folder, and of those below it, may
// import of ours. Folders that are not listed may import anything but storage.
func allowed() map[string][]string {
	rules := map[string][]string{
		".":              {},
		"templates":      {".", "templates"},
		"storage":        {".", "storage", "test/testdb"},
		"internal/web":   {".", "templates"},
		"internal/seal":  {},
		"internal/audit": {".", "internal/web"},
		"examples":       {"examples"},
		"server":         append([]string{".", "templates", "internal/web", "internal/audit"}, peers...),
	}
	for _, peer := range peers {
		rules[peer] = []string{".", "templates", "internal/web", "internal/seal", "internal/audit", peer}
	}
	rules["provider"] = append(rules["provider"], "consent") // the authorization endpoint asks for consent
	return rules
}

// mayImportStorage are the folders whose production code may.
var mayImportStorage = []string{"cmd", "storage", "test/testdb", "test/testkit", "bench", "e2e"}

// outsiders may be imported only below the folder, also by tests; "" is nowhere.
var outsiders = map[string]string{
	"gorm.io":               "storage",
	"github.com/ory/fosite": "provider",
	"github.com/ory/x":      "",
}

type file struct {
	folder  string // "." is the root package
	name    string
	imports []string
}

func TestImportsPointOneWay(t *testing.T) {
	for _, f := range files(t) {
		for _, imported := range f.imports {
			if complaint := judge(f, imported); complaint != "" {
				t.Errorf("%s imports %s: %s", path.Join(f.folder, f.name), imported, complaint)
			}
		}
	}
}

func judge(f file, imported string) string {
	for outsider, home := range outsiders {
		if !below(imported, outsider) || home != "" && below(f.folder, home) {
			continue
		}
		if home == "" {
			return "nobody may"
		}
		return "only " + home + " may"
	}
	if strings.HasSuffix(f.name, "_test.go") {
		return ""
	}
	ours, isOurs := folderOf(imported)
	if !isOurs {
		if f.folder == "." && strings.Contains(strings.Split(imported, "/")[0], ".") {
			return "the root package may import the standard library only"
		}
		return ""
	}
	if below(ours, "storage") && !belowAny(f.folder, mayImportStorage) {
		return "only the command and tests may"
	}
	for folder, list := range allowed() {
		if !belowOrIs(f.folder, folder) {
			continue
		}
		for _, a := range list {
			if belowOrIs(ours, a) {
				return ""
			}
		}
		return folder + " may import nothing of ours but: " + strings.Join(list, " ")
	}
	return ""
}

// folderOf is the folder of one of our packages.
func folderOf(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

func below(p, folder string) bool { return p == folder || strings.HasPrefix(p, folder+"/") }

// belowOrIs is below, where the root package is only itself.
func belowOrIs(p, folder string) bool {
	if folder == "." {
		return p == "."
	}
	return below(p, folder)
}

func belowAny(p string, folders []string) bool {
	for _, folder := range folders {
		if below(p, folder) {
			return true
		}
	}
	return false
}

// files parses the imports of every Go file of the module.
func files(t *testing.T) []file {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(root, "go.mod"))
	var list []file
	err = fs.WalkDir(os.DirFS(root), ".", func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && p != "." || entry.Name() == "node_modules" || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		if entry.IsDir() || path.Ext(p) != ".go" {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, filepath.FromSlash(p)), nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		f := file{folder: path.Dir(p), name: path.Base(p)}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, imported)
		}
		list = append(list, f)
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, len(list), 50, "the whole module was seen")
	return list
}

func TestTheJudgeKnowsABreach(t *testing.T) {
	cases := []struct {
		folder, name, imported string
		fine                   bool
	}{
		{"provider", "token.go", "gatehouse", true},
		{"provider", "token.go", "gatehouse/internal/web", true},
		{"provider", "token.go", "github.com/ory/fosite/compose", true},
		{"provider", "authorize.go", "gatehouse/consent", true},
		{"consent", "handler.go", "gatehouse/provider", false},
		{"provider", "token.go", "gatehouse/storage", false},
		{"provider", "token_test.go", "gatehouse/storage", true},
		{"consent", "page.go", "github.com/ory/fosite", false},
		{"consent", "page_test.go", "github.com/ory/fosite", false},
		{"account", "api.go", "gorm.io/gorm", false},
		{"storage", "users.go", "gorm.io/gorm", true},
		{"storage", "users.go", "gatehouse/account", false},
		{"storage", "users.go", "github.com/ory/x/errorsx", false},
		{".", "app.go", "gatehouse/templates", false},
		{".", "app.go", "github.com/google/uuid", false},
		{".", "app.go", "net/url", true},
		{"templates", "page.go", "gatehouse/internal/web", false},
		{"examples/client/relyingparty", "run.go", "gatehouse", false},
		{"examples/client", "main.go", "gatehouse/examples/client/relyingparty", true},
		{"server", "server.go", "gatehouse/storage", false},
		{"cmd/gatehouse", "serve.go", "gatehouse/storage", true},
	}
	for _, tc := range cases {
		t.Run(tc.folder+"/"+tc.name+" imports "+tc.imported, func(t *testing.T) {
			complaint := judge(file{folder: tc.folder, name: tc.name}, tc.imported)
			require.Equal(t, tc.fine, complaint == "", complaint)
		})
	}
}
