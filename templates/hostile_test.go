package templates_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"gatehouse"
	"gatehouse/templates"
	"gatehouse/templates/fixtures"
)

// TestNoTextBecomesMarkup: whatever people and apps write is text. Every fixture
// whose name begins with hostile- has HTML in all of its fields.
func TestNoTextBecomesMarkup(t *testing.T) {
	eachFixture(t, func(t *testing.T, f fixtures.Fixture, doc *goquery.Document) {
		doc.Find("*").Each(func(_ int, s *goquery.Selection) {
			for _, a := range s.Nodes[0].Attr {
				require.False(t, strings.HasPrefix(a.Key, "on"), "<%s %s>", s.Nodes[0].Data, a.Key)
				require.NotEqual(t, "style", a.Key)
			}
		})
		require.Zero(t, doc.Find("style, script:not([src^='/static/']), img[src='x'], base, iframe, object, embed").Length())
		if strings.HasPrefix(f.Name, "hostile-") && strings.Contains(f.Name, "app") {
			require.Contains(t, doc.Find("main").Text()+doc.Find("input, textarea").AttrOr("value", ""), "<script>alert(1)</script>")
		}
	})
}

func TestScriptURLsNeverBecomeLinks(t *testing.T) {
	renderer := newRenderer(t, templates.Site{})
	for _, url := range []string{"javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x", "//evil.example.com", "https:evil.example.com"} {
		for _, f := range fixtures.All() {
			if !f.IsSample() {
				continue
			}
			f.Page = fixtures.Rewrite(f.Page, url)
			doc := parse(t, render(t, renderer, f))
			for _, attribute := range []string{"href", "src", "action", "formaction"} {
				doc.Find("[" + attribute + "]").Each(func(_ int, s *goquery.Selection) {
					value := strings.ToLower(strings.TrimSpace(s.AttrOr(attribute, "")))
					for _, scheme := range []string{"javascript:", "data:", "vbscript:"} {
						require.False(t, strings.HasPrefix(value, scheme), "%s: %s=%q", f.Name, attribute, value)
					}
				})
			}
			require.Zero(t, doc.Find(".icon img, a[target=_blank]").Length(), "%s: %q is no web URL", f.Name, url)
		}
	}
}

// TestNoTemplateHoldsInlineCode keeps what the Content-Security-Policy refuses out
// of the templates, so that it is missed at the consents and not in a browser.
func TestNoTemplateHoldsInlineCode(t *testing.T) {
	files, err := filepath.Glob("html/*.html")
	require.NoError(t, err)
	shared, err := filepath.Glob("html/shared/*.html")
	require.NoError(t, err)
	inline := regexp.MustCompile(`(?i)<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:|<script(\s[^>]*)?>\s*[^<\s]`)
	for _, file := range append(files, shared...) {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NotRegexp(t, inline, string(source), file)
		tokens := html.NewTokenizer(strings.NewReader(string(source)))
		for tokens.Next() != html.ErrorToken {
			if token := tokens.Token(); token.Type == html.StartTagToken && token.Data == "script" {
				require.Contains(t, token.String(), " src=", file)
			}
		}
	}
}

func TestInvisibleCharactersCannotDisguiseAName(t *testing.T) {
	renderer := newRenderer(t, templates.Site{})
	for name, shown := range map[string]string{
		"\u202eevil\u2066 \u200bApp\x00": "evil App",
		" \u200b\u2060 ":                 "Unnamed application",
		"":                               "Unnamed application",
		"می\u200cخواهم":                  "می\u200cخواهم", // the joiner is part of Persian spelling
		"two\nlines":                     "two lines",
	} {
		f := fixtures.Fixture{Status: 200, Page: templates.ConsentPage{App: gatehouse.App{Name: name}}}
		require.Equal(t, shown, parse(t, render(t, renderer, f)).Find("h1 bdi").Text(), "%q", name)
	}
}
