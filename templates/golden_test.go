package templates_test

import (
	"flag"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"gatehouse/templates"
	"gatehouse/templates/fixtures"
)

var update = flag.Bool("update", false, "write the golden files anew")

// assetHash stands in the addresses of static files, and would make every golden
// file depend on every stylesheet.
var assetHash = regexp.MustCompile(`-[0-9a-f]{8}(\.(css|js|svg)")`)

func newRenderer(t *testing.T, site templates.Site) *templates.Renderer {
	t.Helper()
	renderer, err := templates.New(site)
	require.NoError(t, err)
	return renderer
}

func render(t *testing.T, renderer *templates.Renderer, f fixtures.Fixture) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	require.NoError(t, renderer.Render(w, f.Status, f.Frame, f.Page))
	require.Equal(t, f.Status, w.Code)
	return w
}

func parse(t *testing.T, w *httptest.ResponseRecorder) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(w.Body.String()))
	require.NoError(t, err)
	return doc
}

// eachFixture runs check for every page in every state.
func eachFixture(t *testing.T, check func(t *testing.T, f fixtures.Fixture, doc *goquery.Document)) {
	renderer := newRenderer(t, templates.Site{})
	for _, f := range fixtures.All() {
		t.Run(f.Name, func(t *testing.T) { check(t, f, parse(t, render(t, renderer, f))) })
	}
}

// TestEveryPageIsAsItWasApproved compares each state with its golden file; after
// a wanted change, look at the pages, then run the tests with -update.
func TestEveryPageIsAsItWasApproved(t *testing.T) {
	renderer := newRenderer(t, templates.Site{})
	known := map[string]bool{}
	for _, f := range fixtures.All() {
		require.False(t, known[f.Name], "two fixtures are called %s", f.Name)
		known[f.Name] = true
		t.Run(f.Name, func(t *testing.T) {
			got := assetHash.ReplaceAllString(render(t, renderer, f).Body.String(), "-HASH$1")
			if f.IsLarge {
				return
			}
			file := filepath.Join("testdata", "golden", f.Name+".html")
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err, "run the tests with -update to write it")
			require.Equal(t, string(want), got)
		})
	}
	files, err := fs.Glob(os.DirFS("testdata/golden"), "*.html")
	require.NoError(t, err)
	for _, file := range files {
		require.True(t, known[strings.TrimSuffix(file, ".html")], "%s belongs to no fixture", file)
	}
}

func TestEveryPageHasAFixture(t *testing.T) {
	templateFiles, err := fs.Glob(os.DirFS("html"), "*.html")
	require.NoError(t, err)
	types := map[reflect.Type]bool{}
	for _, f := range fixtures.All() {
		types[reflect.TypeOf(f.Page)] = true
	}
	require.Len(t, types, len(templateFiles), "each file in html/ is a page, and each page has a fixture")
}
