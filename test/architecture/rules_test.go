package architecture_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// importRule is a rule of depguard, as .golangci.yml writes it. A test file is
// judged like any other, unless the rule excludes it with "!$test".
type importRule struct {
	ListMode string   `yaml:"list-mode"`
	Files    []string // patterns; those that begin with "!" exclude
	Allow    []string // prefixes of packages, or with "$" at the end one package
	Deny     []struct{ Pkg, Desc string }
}

// importRules reads the rules of depguard from .golangci.yml.
func importRules(t *testing.T) map[string]importRule {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".golangci.yml"))
	require.NoError(t, err)
	var config struct {
		Linters struct {
			Enable   []string
			Settings struct {
				Depguard struct{ Rules map[string]importRule }
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &config))
	require.Contains(t, config.Linters.Enable, "depguard")
	rules := config.Linters.Settings.Depguard.Rules
	require.NotEmpty(t, rules)
	for name, rule := range rules {
		require.Contains(t, []string{"strict", "lax"}, rule.ListMode, "the list mode of rule %s: other modes have another meaning", name)
		require.NotEmpty(t, rule.Files, name)
	}
	return rules
}

// appliesTo reports whether the rule judges a file, whose path begins at the root
// of the repository.
func (r importRule) appliesTo(file string) bool {
	matches := func(pattern string) bool { return glob(pattern).MatchString(file) }
	return slices.ContainsFunc(r.Files, func(p string) bool { return p[0] != '!' && matches(p) }) &&
		!slices.ContainsFunc(r.Files, func(p string) bool { return p[0] == '!' && matches(p[1:]) })
}

// allows reports whether the rule lets a file import a package. In the mode strict
// everything is denied, and in the mode lax everything is allowed, unless the
// longer matching prefix says otherwise. The text is the rule's reason.
func (r importRule) allows(imported string) (bool, string) {
	allowed, denied, reason := 0, 0, "the rule does not allow it"
	for _, prefix := range r.Allow {
		allowed = max(allowed, matchLength(imported, prefix))
	}
	for _, d := range r.Deny {
		if n := matchLength(imported, d.Pkg); n > denied {
			denied, reason = n, d.Desc
		}
	}
	if r.ListMode == "strict" {
		return allowed > denied, reason
	}
	return allowed > denied || denied == 0, reason
}

// matchLength returns the length of a prefix of depguard that matches a package,
// or 0.
func matchLength(imported, prefix string) int {
	exact, isExact := strings.CutSuffix(prefix, "$")
	switch {
	case prefix == "$gostd":
		first, _, _ := strings.Cut(imported, "/")
		if first != module && !strings.Contains(first, ".") {
			return 1
		}
	case isExact && imported == exact, !isExact && strings.HasPrefix(imported, prefix):
		return len(prefix)
	}
	return 0
}

// glob compiles a pattern of depguard for paths that begin at the root of the
// repository: "**" matches any text, "*" any text without "/", and {a,b} is a
// choice.
func glob(pattern string) *regexp.Regexp {
	if pattern == "$test" {
		pattern = "**_test.go"
	}
	pattern = regexp.QuoteMeta(strings.TrimPrefix(pattern, "${base-path}/"))
	pattern = strings.NewReplacer(`\*\*`, `.*`, `\*`, `[^/]*`, `\{`, `(`, `\}`, `)`, `,`, `|`).Replace(pattern)
	return regexp.MustCompile(`^` + pattern + `$`)
}
