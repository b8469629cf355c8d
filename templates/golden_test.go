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

var update = flag.Bool("update", false, "write the golden files")

// assetHash matches the hash in the paths of static files. A change of a stylesheet
// must not change every golden file.
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

// TestPagesMatchTheirGoldenFiles compares one state of each page with its golden
// file. After an intended change, look at the page and run the test with -update.
func TestPagesMatchTheirGoldenFiles(t *testing.T) {
	renderer := newRenderer(t, templates.Site{})
	samples := map[string]bool{}
	for _, f := range fixtures.All() {
		if !f.IsSample() {
			continue
		}
		samples[f.Name] = true
		t.Run(f.Name, func(t *testing.T) {
			got := assetHash.ReplaceAllString(render(t, renderer, f).Body.String(), "-HASH$1")
			file := filepath.Join("testdata", "golden", f.Name+".html")
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err, "run the test with -update to write it")
			require.Equal(t, string(want), got)
		})
	}
	files, err := fs.Glob(os.DirFS("testdata/golden"), "*.html")
	require.NoError(t, err)
	for _, file := range files {
		require.True(t, samples[strings.TrimSuffix(file, ".html")], "%s is not the golden file of a sample", file)
	}
}

func TestEveryPageHasOneSample(t *testing.T) {
	templateFiles, err := fs.Glob(os.DirFS("html"), "*.html")
	require.NoError(t, err)
	samples := map[reflect.Type]string{}
	names := map[string]bool{}
	for _, f := range fixtures.All() {
		require.False(t, names[f.Name], "two fixtures have the name %s", f.Name)
		names[f.Name] = true
		if !f.IsSample() {
			continue
		}
		page := reflect.TypeOf(f.Page)
		require.Empty(t, samples[page], "%s is also a sample of %s", f.Name, page)
		samples[page] = f.Name
	}
	require.Len(t, samples, len(templateFiles), "each file in html/ is a page, and each page has a sample")
}
