package templates

import (
	"hash/fnv"
	"html/template"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"gatehouse"
)

// functions are what the templates call.
func (t *Renderer) functions() template.FuncMap {
	functions := template.FuncMap{
		"path":   t.path,
		"asset":  t.static.url,
		"logo":   func() template.HTML { return template.HTML(t.static.assets["logo.svg"].body) }, //nolint:gosec // our own file
		"name":   visible,
		"orName": orUnnamed,
		"webURL": webURL,
		"host":   hostOf,
		"formURL": func(uri string) template.URL {
			// html/template knows web schemes only; the redirect URI of a native app
			// is as good once it has passed the check of its registration.
			if gatehouse.CheckRedirectURI(uri, true) != nil {
				return ""
			}
			return template.URL(uri) //nolint:gosec // checked above
		},
		"icon":            newIcon,
		"add":             func(a, b int) int { return a + b },
		"yesno":           strconv.FormatBool,
		"people":          people,
		"count":           func(n int, noun string) string { return count(int64(n), noun) },
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

// path is a link on this server: the base path, a path, and escaped parts after it.
func (t *Renderer) path(p string, parts ...string) string {
	var b strings.Builder
	b.WriteString(t.site.BasePath + p)
	for i, part := range parts {
		if i%2 == 0 {
			part = url.PathEscape(part) // an id; the odd ones are ours: "/edit"
		}
		b.WriteString(part)
	}
	return b.String()
}

// visible takes out of a text what cannot be seen and what reorders the text
// around it, with which one name can imitate another: control and format
// characters, except the joiners that Persian, Indic scripts and emoji need.
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

// orUnnamed is the name of an app as pages show it.
func orUnnamed(s string) string {
	if s = visible(s); strings.Trim(s, "\u200c\u200d") == "" {
		return "Unnamed application"
	}
	return s
}

// webURL returns s if it is an http or https URL, else "": nothing else ever
// becomes a link or an image.
func webURL(s string) string {
	if !gatehouse.CheckHTTPURL(s) {
		return ""
	}
	return s
}

// hostOf is the host of a web URL, with its port.
func hostOf(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	return u.Host
}

// icon is the picture of an app: a tile with its first letter, and its icon in
// front of it, so that a broken icon leaves the letter.
type icon struct {
	URL    string
	Letter string
	Tone   uint32 // 0 to 5: so that lists can be told apart at a glance
	Big    bool
}

func newIcon(app gatehouse.App, big bool) icon {
	i := icon{URL: webURL(app.IconURL), Letter: "?", Big: big}
	if app.IsDynamicallyRegistered {
		i.URL = "" // A stranger's picture could be anybody's logo, and would be told who looks at it.
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

// problems lists the errors of a form in the order of its fields; those without
// a field come first.
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
