package templates

import (
	"fmt"
	"hash/fnv"
	"html/template"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"gatehouse"
)

// functions returns the functions that the templates call.
func (t *Renderer) functions() template.FuncMap {
	functions := template.FuncMap{
		"path":    t.path,
		"asset":   t.static.url,
		"logo":    func() template.HTML { return template.HTML(t.static.assets["logo.svg"].body) }, //nolint:gosec // a file of this package
		"name":    visible,
		"orName":  orUnnamed,
		"sentURI": sentURI,
		"webURL":  webURL,
		"host":    hostOf,
		"formURL": func(uri string) template.URL {
			// html/template accepts only web schemes. The redirect URI of a native app has
			// another scheme and is safe if it passes the check of its registration.
			if gatehouse.CheckRequestedRedirectURI(uri, true) != nil {
				return ""
			}
			return template.URL(uri) //nolint:gosec // checked above
		},
		"icon":            newIcon,
		"add":             func(a, b int) int { return a + b },
		"userCount":       userCount,
		"date":            date,
		"dateTime":        dateTime,
		"machine":         machineTime,
		"lifetime":        Lifetime,
		"device":          device,
		"event":           eventText,
		"settings":        settingSections,
		"settingProblems": settingProblems,
		"problems":        problems,
		"errorText":       func(p ErrorPage) string { return errorTitle(p) },
	}
	maps.Copy(functions, inputFunctions())
	return functions
}

// path returns a link on this server: the base path, p, and parts. Parts alternate
// between an id, which it escapes, and a piece of the path.
func (t *Renderer) path(p string, parts ...string) string {
	var b strings.Builder
	b.WriteString(t.site.BasePath + p)
	for i, part := range parts {
		if i%2 == 0 {
			part = url.PathEscape(part) // an id; the part after it is a constant: "/edit"
		}
		b.WriteString(part)
	}
	return b.String()
}

// visible removes the control and format characters of a text. They are invisible
// or reorder the text around them, so that one name could imitate another. It keeps
// the joiners, which Persian, Indic scripts and emoji need.
func visible(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		const zeroWidthNonJoiner, zeroWidthJoiner = 0x200c, 0x200d
		switch {
		case r == zeroWidthNonJoiner || r == zeroWidthJoiner:
			return r
		case unicode.IsSpace(r):
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp):
			return -1
		}
		return r
	}, s))
}

// orUnnamed returns the name of an app as pages show it.
func orUnnamed(s string) string {
	if s = visible(s); strings.Trim(s, "\u200c\u200d") == "" {
		return "Unnamed application"
	}
	return s
}

// maxSentURI is how much of a redirect URI that was sent a page shows, in bytes.
const maxSentURI = 512

// sentURI returns a redirect URI that a request sent as pages show it. A request can send any
// text, so every byte but printable ASCII is percent-encoded: the text cannot read like a
// sentence of the page, or look like another URI.
func sentURI(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if b.Len() >= maxSentURI {
			b.WriteString("…")
			break
		}
		if s[i] <= ' ' || s[i] > '~' {
			fmt.Fprintf(&b, "%%%02X", s[i])
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// webURL returns s if it is an http or https URL, and otherwise "". Pages make
// links and images only from such URLs.
func webURL(s string) string {
	if !gatehouse.CheckHTTPURL(s) {
		return ""
	}
	return s
}

// hostOf returns the host of a URL with its port, or "" if it has none.
func hostOf(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	return u.Host
}

// icon is the picture of an app: a tile with the first letter of its name, and its
// icon in front of the tile. If the icon does not load, the letter is visible.
type icon struct {
	URL    string
	Letter string
	Tone   uint32 // the color of the tile, 0 to 5, so that the apps of a list differ
	Big    bool
}

func newIcon(app gatehouse.App, big bool) icon {
	i := icon{URL: webURL(app.IconURL), Letter: "?", Big: big}
	if app.IsDynamicallyRegistered {
		// A self-registered app could show the logo of another app, and its server
		// would learn who looks at the page.
		i.URL = ""
	}
	for _, r := range orUnnamed(app.Name) {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			i.Letter = string(unicode.ToUpper(r))
			break
		}
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(app.ID)) // never fails
	i.Tone = h.Sum32() % 6
	return i
}

// problem is one line of an error summary.
type problem struct{ Field, Message string }

// problems returns the errors of a form in the order of its fields. Errors without
// a field come first, errors of fields that order does not name come last.
func problems(errors map[string]string, order ...string) []problem {
	rank := func(field string) int {
		if field == "" {
			return -1
		}
		if i := slices.Index(order, field); i >= 0 {
			return i
		}
		return len(order)
	}
	var list []problem
	for _, field := range slices.Sorted(maps.Keys(errors)) {
		if errors[field] != "" {
			list = append(list, problem{Field: field, Message: errors[field]})
		}
	}
	slices.SortStableFunc(list, func(a, b problem) int { return rank(a.Field) - rank(b.Field) })
	return list
}
