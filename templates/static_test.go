package templates_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"gatehouse/templates"
	"gatehouse/templates/fixtures"
)

func get(h http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestStaticFilesAreCachedForAYearUnderAHashedName(t *testing.T) {
	for _, basePath := range []string{"", "/sso"} {
		renderer := newRenderer(t, templates.Site{BasePath: basePath})
		seen := 0
		for _, f := range fixtures.All() {
			parse(t, render(t, renderer, f)).Find("link[href], script[src]").Each(func(_ int, s *goquery.Selection) {
				url := s.AttrOr("href", s.AttrOr("src", ""))
				require.Regexp(t, `^`+basePath+`/static/[a-z-]+-[0-9a-f]{8}\.(css|js|svg)$`, url)
				w := get(renderer.Static(), url)
				require.Equal(t, http.StatusOK, w.Code, url)
				require.Equal(t, "public, max-age=31536000, immutable", w.Header().Get("Cache-Control"))
				require.Regexp(t, `^(text/css|text/javascript|image/svg\+xml)`, w.Header().Get("Content-Type"))
				require.NotEmpty(t, w.Body.String())
				require.Equal(t, http.StatusNotModified, get(renderer.Static(), url, "If-None-Match", w.Header().Get("ETag")).Code)
				// A router may have removed the base path.
				require.Equal(t, http.StatusOK, get(renderer.Static(), strings.TrimPrefix(url, basePath)).Code)
				seen++
			})
		}
		require.Positive(t, seen)
	}
}

func TestAPageOfAnotherVersionGetsTheStylesheetOfThisVersion(t *testing.T) {
	w := get(newRenderer(t, templates.Site{}).Static(), "/static/style-00000000.css")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "no-cache", w.Header().Get("Cache-Control"))
}

func TestOtherPathsAreNotFound(t *testing.T) {
	static := newRenderer(t, templates.Site{}).Static()
	for _, path := range []string{"/static/", "/static/style.css", "/static/nothing-00000000.css", "/static/../html/login-00000000.html", "/static/-", "/static/-.css", "/elsewhere/style-00000000.css", "/static/style-00000000"} {
		require.Equal(t, http.StatusNotFound, get(static, path).Code, path)
	}
}

// TestEveryLinkHasTheBasePath checks the links and forms that the templates build.
// Links that a handler passes to a page already have the base path.
func TestEveryLinkHasTheBasePath(t *testing.T) {
	renderer := newRenderer(t, templates.Site{BasePath: "/sso"})
	given := map[string]bool{}
	for _, f := range fixtures.All() {
		switch p := f.Page.(type) {
		case templates.ConfirmPage:
			given[p.Action], given[p.CancelURL] = true, true
		case templates.ErrorPage:
			given[p.BackURL] = true
		case templates.ConsentPage:
			given[p.Action], given[p.LoginURL] = true, true
		}
	}
	for _, f := range fixtures.All() {
		if strings.HasPrefix(f.Name, "hostile-") {
			continue // these have the hostile text in the links that a handler passes
		}
		doc := parse(t, render(t, renderer, f))
		for _, attribute := range []string{"href", "src", "action"} {
			doc.Find("[" + attribute + "]").Each(func(_ int, s *goquery.Selection) {
				if url := s.AttrOr(attribute, ""); strings.HasPrefix(url, "/") && !given[url] {
					require.True(t, strings.HasPrefix(url, "/sso/"), "%s: %s", f.Name, url)
				}
			})
		}
	}
}
