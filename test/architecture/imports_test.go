package architecture_test

import (
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "gatehouse"

func TestImportsFollowTheRules(t *testing.T) {
	rules, judged := importRules(t), 0
	for _, file := range files(t) {
		if path.Ext(file) != ".go" || path.Dir(file) == "e2e/compose" || path.Dir(file) == "e2e/clients/mcp-go" { // these are other modules
			continue
		}
		judged++
		for _, imported := range imports(t, file) {
			for _, breach := range breaches(rules, file, imported) {
				t.Errorf("%s imports %s: %s", file, imported, breach)
			}
		}
	}
	require.Greater(t, judged, 200, "the walk found the whole module")
}

// breaches returns the rules that an import breaks, with their reasons.
func breaches(rules map[string]importRule, file, imported string) (list []string) {
	for name, rule := range rules {
		if !rule.appliesTo(file) {
			continue
		}
		if ok, reason := rule.allows(imported); !ok {
			list = append(list, "rule "+name+": "+reason)
		}
	}
	return list
}

// imports returns the packages that a Go file imports.
func imports(t *testing.T, file string) (list []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, filepath.FromSlash(file)), nil, parser.ImportsOnly)
	require.NoError(t, err)
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		require.NoError(t, err)
		list = append(list, imported)
	}
	return list
}

func TestRulesFindABreach(t *testing.T) {
	rules := importRules(t)
	cases := []struct {
		file, imported string
		allowed        bool
	}{
		{"provider/token.go", "gatehouse", true},
		{"provider/token.go", "gatehouse/internal/web", true},
		{"provider/token.go", "gatehouse/consent", true},
		{"provider/token.go", "github.com/ory/fosite/compose", true},
		{"provider/token.go", "gatehouse/registration", false},
		{"provider/token.go", "gatehouse/server", false},
		{"provider/token.go", "gatehouse/storage", false},
		{"provider/token.go", "gatehouse/storage/storagetest", false},
		{"provider/token_test.go", "gatehouse/storage", true},
		{"consent/page.go", "gatehouse/provider", false},
		{"consent/page.go", "github.com/ory/fosite", false},
		{"consent/page_test.go", "github.com/ory/fosite", false},
		{"registration/api.go", "gatehouse/consent", false},
		{"account/api.go", "gatehouse/console", false},
		{"account/api.go", "gatehouse/server", false},
		{"account/api.go", "gatehouse/test/testdb", false},
		{"account/api.go", "gorm.io/gorm", false},
		{"console/users.go", "gatehouse/account", false},
		{"groups/service.go", "gatehouse/internal/audit", true},
		{"groups/service.go", "gatehouse/storage", false},
		{"provider/authorize.go", "gatehouse/groups", false},
		{"signing/keys.go", "github.com/go-jose/go-jose/v4", true},
		{"signing/keys.go", "gatehouse/provider", false},
		{"signing/keys.go", "gatehouse/storage", false},
		{"provider/token.go", "gatehouse/signing", true},
		{"openid/claims.go", "gatehouse/provider", false},
		{"signing/keys.go", "gatehouse/openid", false},
		{"provider/token.go", "github.com/go-jose/go-jose/v4", false},
		{"doctor/keys.go", "gatehouse", true},
		{"doctor/keys.go", "crypto/x509", true},
		{"doctor/keys.go", "gatehouse/signing", false},
		{"doctor/keys.go", "gatehouse/internal/web", false},
		{"doctor/keys.go", "github.com/go-jose/go-jose/v4", false},
		{"doctor/gatehouse_test.go", "gatehouse/server", true},
		{"provider/token.go", "gatehouse/doctor", false},
		{"backchannel/deliverer.go", "gatehouse/openid", true},
		{"backchannel/deliverer.go", "gatehouse/provider", false},
		{"backchannel/deliverer.go", "gatehouse/storage", false},
		{"egress/client.go", "net/http", true},
		{"egress/client.go", "gatehouse", false},
		{"storage/users.go", "gorm.io/gorm", true},
		{"storage/users.go", "gatehouse/account", false},
		{"storage/users.go", "gatehouse/templates", false},
		{"storage/users.go", "github.com/ory/x/errorsx", false},
		{"app.go", "gatehouse/templates", false},
		{"app.go", "github.com/google/uuid", false},
		{"app.go", "net/url", true},
		{"app_test.go", "github.com/stretchr/testify/require", true},
		{"templates/page.go", "gatehouse", true},
		{"templates/page.go", "gatehouse/internal/web", false},
		{"internal/web/page.go", "gatehouse/internal/audit", false},
		{"internal/seal/seal.go", "gatehouse", false},
		{"internal/audit/audit.go", "gatehouse/internal/web", true},
		{"examples/client/relyingparty/run.go", "gatehouse", false},
		{"examples/client/relyingparty/run.go", "github.com/google/uuid", false},
		{"examples/client/main.go", "gatehouse/examples/client/relyingparty", true},
		{"server/server.go", "gatehouse/provider", true},
		{"server/server.go", "gatehouse/storage", false},
		{"server/server.go", "gorm.io/gorm", false},
		{"cmd/gatehouse/serve.go", "gatehouse/storage", true},
		{"cmd/gatehouse/serve.go", "gorm.io/gorm", false},
		{"newpackage/new.go", "gatehouse/storage", false},
	}
	for _, tc := range cases {
		t.Run(tc.file+" imports "+tc.imported, func(t *testing.T) {
			found := breaches(rules, tc.file, tc.imported)
			require.Equal(t, tc.allowed, len(found) == 0, found)
		})
	}
}
