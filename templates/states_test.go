package templates_test

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"gatehouse/templates/fixtures"
)

// check is one thing that a state shows.
type check struct {
	selector  string   // CSS, and "@name" for the values of an attribute
	want      []string // the texts or values, in order; none if no element may match
	partially bool     // want are parts of the texts
}

// see expects that the elements that match the selector have exactly these texts, in
// this order. A selector that ends in "@name" expects values of that attribute instead.
func see(selector string, want ...string) check { return check{selector: selector, want: want} }

// absent expects that no element matches the selector.
func absent(selector string) check { return check{selector: selector} }

// seePart is see for texts that contain the given texts.
func seePart(selector string, want ...string) check {
	return check{selector: selector, want: want, partially: true}
}

// states returns what each state of each page shows. The samples have golden files
// instead, and TestHostileTextChangesOnlyTheText checks the hostile fixtures.
func states() map[string][]check {
	all := map[string][]check{}
	for _, pages := range []map[string][]check{accountStates(), consentStates(), appStates(), confirmStates(), consoleStates(), groupStates()} {
		for name, checks := range pages {
			all[name] = checks
		}
	}
	return all
}

func TestEveryStateShowsWhatItMustShow(t *testing.T) {
	expected := states()
	eachFixture(t, func(t *testing.T, f fixtures.Fixture, doc *goquery.Document) {
		if f.IsSample() || strings.HasPrefix(f.Name, "hostile-") {
			return
		}
		checks := expected[f.Name]
		require.NotEmpty(t, checks, "states() must say what %s shows", f.Name)
		for _, c := range checks {
			selector, attribute, _ := strings.Cut(c.selector, "@")
			var got []string
			doc.Find(selector).Each(func(_ int, s *goquery.Selection) {
				if attribute == "" {
					got = append(got, textOf(s.Nodes[0]))
				} else if value, ok := s.Attr(attribute); ok {
					got = append(got, value)
				}
			})
			if !c.partially {
				require.Equal(t, c.want, got, c.selector)
				continue
			}
			require.Len(t, got, len(c.want), c.selector)
			for i := range got {
				require.Contains(t, got[i], c.want[i], c.selector)
			}
		}
	})
	for name := range expected {
		require.True(t, hasFixture(name), "%s is not the name of a fixture", name)
	}
}

func hasFixture(name string) bool {
	for _, f := range fixtures.All() {
		if f.Name == name {
			return true
		}
	}
	return false
}

// textOf returns the text of an element as a user reads it: with a space between
// blocks, and without other white space.
func textOf(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
			return
		}
		switch n.Data {
		case "a", "b", "bdi", "code", "span", "time":
		default:
			b.WriteByte(' ')
			defer b.WriteByte(' ')
		}
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			walk(child)
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}
