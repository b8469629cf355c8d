package templates_test

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"gatehouse/templates/fixtures"
)

// The browser tests (e2e/browser) run axe-core on every fixture. These tests find the
// problems that can be found without a browser, in a second.

func TestEveryControlHasALabel(t *testing.T) {
	eachFixture(t, func(t *testing.T, _ fixtures.Fixture, doc *goquery.Document) {
		doc.Find("input:not([type=hidden]):not([hidden]), textarea, select").Each(func(_ int, s *goquery.Selection) {
			if s.Closest("label").Length() == 0 {
				label := doc.Find("label[for='" + s.AttrOr("id", "without id") + "']")
				require.NotEmpty(t, strings.TrimSpace(label.Text()), s.AttrOr("name", ""))
			}
		})
		doc.Find("button, a[href]").Each(func(_ int, s *goquery.Selection) {
			require.NotEmpty(t, strings.TrimSpace(s.Text()))
		})
	})
}

func TestErrorsAreTiedToTheirFields(t *testing.T) {
	eachFixture(t, func(t *testing.T, _ fixtures.Fixture, doc *goquery.Document) {
		doc.Find("[aria-invalid]").Each(func(_ int, s *goquery.Selection) {
			require.Contains(t, s.AttrOr("aria-describedby", ""), "-error")
		})
		doc.Find("[aria-describedby], [aria-labelledby]").Each(func(_ int, s *goquery.Selection) {
			for _, id := range strings.Fields(s.AttrOr("aria-describedby", "") + " " + s.AttrOr("aria-labelledby", "")) {
				require.Equal(t, 1, doc.Find("[id='"+id+"']").Length(), id)
			}
		})
		doc.Find("#problems a").Each(func(_ int, s *goquery.Selection) {
			require.Equal(t, 1, doc.Find("[id='"+strings.TrimPrefix(s.AttrOr("href", ""), "#")+"']").Length(), s.AttrOr("href", ""))
		})
	})
}

func TestEveryPageHasAnOutline(t *testing.T) {
	eachFixture(t, func(t *testing.T, _ fixtures.Fixture, doc *goquery.Document) {
		require.Equal(t, 1, doc.Find("h1").Length(), "one h1")
		require.Equal(t, 1, doc.Find("main").Length())
		require.NotEmpty(t, strings.TrimSuffix(doc.Find("title").Text(), " · Gatehouse"))
		require.Equal(t, "#main", doc.Find("body > a").First().AttrOr("href", ""), "the skip link comes first")
		level := 0
		doc.Find("main h1, main h2, main h3").Each(func(_ int, s *goquery.Selection) {
			next := int(s.Nodes[0].Data[1] - '0')
			// The summary of errors can be an h2 anywhere below the h1.
			require.LessOrEqual(t, next, level+1, s.Text())
			level = next
		})
		ids := map[string]bool{}
		doc.Find("[id]").Each(func(_ int, s *goquery.Selection) {
			id := s.AttrOr("id", "")
			require.False(t, ids[id], "two elements have the id %q", id)
			ids[id] = true
		})
	})
}

func TestDenyAndAllowAreOneForm(t *testing.T) {
	eachFixture(t, func(t *testing.T, f fixtures.Fixture, doc *goquery.Document) {
		if !strings.HasPrefix(f.Name, "consent") {
			return
		}
		form := doc.Find("main form")
		require.Equal(t, 1, form.Length())
		require.Equal(t, "post", form.AttrOr("method", ""))
		require.NotEmpty(t, form.Find("input[name=csrf_token]").AttrOr("value", ""))
		require.Equal(t, []string{"deny", "allow"}, form.Find("button[name=decision]").Map(func(_ int, s *goquery.Selection) string { return s.AttrOr("value", "") }))
		require.Zero(t, doc.Find("nav").Length(), "no link leads away from the question")
	})
}
