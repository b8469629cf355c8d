package templates_test

import (
	"net/url"
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

// TestNoTextBecomesMarkup checks that the texts of users and apps stay texts. The
// fixtures whose names begin with hostile- have HTML in all of their fields.
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

// TestHostileTextChangesOnlyTheText renders each hostile fixture a second time with
// a harmless text in every field. Both pages must have the same elements, attributes
// and texts, except that one has the hostile text where the other has the harmless one.
func TestHostileTextChangesOnlyTheText(t *testing.T) {
	const harmless = "Safe text"                                 // begins with the same letter, for the tile of an icon
	shortened := string([]rune(fixtures.HostileText)[:40]) + "…" // the name of a device
	visible := strings.NewReplacer(fixtures.HostileText, harmless, shortened, harmless)
	tone := regexp.MustCompile(`\btone-[0-5]\b`) // follows from the id of the app
	renderer := newRenderer(t, templates.Site{})
	for _, f := range fixtures.All() {
		if !strings.HasPrefix(f.Name, "hostile-") {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			plain := f
			plain.Frame, plain.Page = fixtures.Rewrite(f.Frame, harmless), fixtures.Rewrite(f.Page, harmless)
			occurrences := 0
			normal := func(s string) string {
				if unescaped, err := url.PathUnescape(s); err == nil {
					s = unescaped // of a link
				}
				occurrences += strings.Count(s, fixtures.HostileText) + strings.Count(s, shortened)
				return visible.Replace(tone.ReplaceAllString(s, ""))
			}
			var equal func(a, b *html.Node)
			equal = func(a, b *html.Node) {
				require.Equal(t, b.Type, a.Type, "%q and %q", a.Data, b.Data)
				require.Equal(t, normal(b.Data), normal(a.Data))
				require.Len(t, a.Attr, len(b.Attr), "<%s>", a.Data)
				for i := range a.Attr {
					require.Equal(t, b.Attr[i].Key, a.Attr[i].Key, "<%s>", a.Data)
					require.Equal(t, normal(b.Attr[i].Val), normal(a.Attr[i].Val), "<%s %s>", a.Data, a.Attr[i].Key)
				}
				a, b = a.FirstChild, b.FirstChild
				for ; a != nil && b != nil; a, b = a.NextSibling, b.NextSibling {
					equal(a, b)
				}
				require.True(t, a == nil && b == nil, "the pages have the same elements")
			}
			equal(parse(t, render(t, renderer, f)).Nodes[0], parse(t, render(t, renderer, plain)).Nodes[0])
			require.Positive(t, occurrences, "the page shows the text")
		})
	}
}

func TestScriptURLsNeverBecomeLinks(t *testing.T) {
	renderer := newRenderer(t, templates.Site{})
	for _, target := range []string{"javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x", "//evil.example.com", "https:evil.example.com"} {
		for _, f := range fixtures.All() {
			if !f.IsSample() {
				continue
			}
			f.Page = fixtures.Rewrite(f.Page, target)
			doc := parse(t, render(t, renderer, f))
			for _, attribute := range []string{"href", "src", "action", "formaction"} {
				doc.Find("[" + attribute + "]").Each(func(_ int, s *goquery.Selection) {
					value := strings.ToLower(strings.TrimSpace(s.AttrOr(attribute, "")))
					for _, scheme := range []string{"javascript:", "data:", "vbscript:"} {
						require.False(t, strings.HasPrefix(value, scheme), "%s: %s=%q", f.Name, attribute, value)
					}
				})
			}
			require.Zero(t, doc.Find(".icon img, a[target=_blank]").Length(), "%s: %q is not a web URL", f.Name, target)
		}
	}
}

// TestNoTemplateHoldsInlineCode fails for inline scripts and styles in templates. The
// Content-Security-Policy forbids them, so they would fail only in a browser.
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

// TestSelfRegisteredAppsHaveNoIcon: such an app could show the logo of another app, and
// its server would learn who looks at the consent page.
func TestSelfRegisteredAppsHaveNoIcon(t *testing.T) {
	renderer := newRenderer(t, templates.Site{})
	app := gatehouse.App{Name: "Wiki", IconURL: "https://wiki.example.com/logo.png"}
	body := func() string {
		page := templates.ConsentPage{App: app, ReceivingHost: "wiki.example.com"}
		return render(t, renderer, fixtures.Fixture{Status: 200, Page: page}).Body.String()
	}
	require.Contains(t, body(), app.IconURL)
	app.IsDynamicallyRegistered = true
	require.NotContains(t, body(), app.IconURL)
}
