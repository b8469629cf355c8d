package architecture_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// This file names the words, so it does not count.
const self = "test/architecture/words_test.go"

var vaguePronoun = regexp.MustCompile(`(?i)\b(whoever|whomever|whatever|nobody|somebody|anybody|everybody|someone|anyone|everyone)\b`)

// A comment names the user, the client, the caller or the node that it means.
func TestGoFilesHaveFewVaguePronouns(t *testing.T) {
	const limit = 40
	found := map[string]int{} // for each file
	total := 0
	eachLine(t, files(t), func(place, line string) {
		file, _, _ := strings.Cut(place, ":")
		if n := len(vaguePronoun.FindAllString(line, -1)); path.Ext(file) == ".go" && file != self && n > 0 {
			found[file] += n
			total += n
		}
	})
	require.Less(t, total, limit, "%v", found)
}

// The texts for users name the user or the client that they mean: the templates,
// the documents, and the strings in the code of the gateway, its command and its
// sample client.
func TestTextsForUsersHaveNoVaguePronouns(t *testing.T) {
	eachLine(t, files(t), func(place, line string) {
		file, _, _ := strings.Cut(place, ":")
		isText := path.Ext(file) == ".html" || path.Ext(file) == ".md" && file != "docs/glossary.md"
		if word := vaguePronoun.FindString(line); isText && word != "" {
			t.Errorf("%s says %q: %s", place, word, strings.TrimSpace(line))
		}
	})
	for _, file := range files(t) {
		if path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "test/") || strings.HasPrefix(file, "e2e/") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, read(t, file), parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING && vaguePronoun.MatchString(text.Value) {
				t.Errorf("%s says %q: %s", set.Position(text.Pos()), vaguePronoun.FindString(text.Value), text.Value)
			}
			return true
		})
	}
}

// The repository explains itself. It does not refer to papers that a reader does
// not have.
func TestNothingRefersToPapersOutsideTheRepository(t *testing.T) {
	outside := regexp.MustCompile(`(?i)\bthe mission\b|\bdesign(\.md)? §|\bthe design (says|demands|wants)\b|\bissue ["“#0-9]|\b(this|that|the|its) issue\b`)
	eachLine(t, files(t), func(place, line string) {
		if words := outside.FindString(line); words != "" && !strings.HasPrefix(place, self+":") {
			t.Errorf("%s says %q: %s", place, words, strings.TrimSpace(line))
		}
	})
}
