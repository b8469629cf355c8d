package doctor

import (
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxShown is how much of a value of the server a finding shows, in bytes.
const maxShown = 160

// quote returns a value of the server in quotes, shortened, with escapes for everything that is not
// graphic.
func quote(s string) string { return strconv.Quote(shorten(s)) }

// plain is quote without the quotes.
func plain(s string) string {
	quoted := quote(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

func shorten(s string) string {
	if len(s) <= maxShown {
		return s
	}
	end := maxShown
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// list returns values of the server in quotes, separated by commas, at most ten of them.
func list(values []string) string {
	const most = 10
	var quoted []string
	for _, v := range values[:min(len(values), most)] {
		quoted = append(quoted, quote(v))
	}
	if rest := len(values) - most; rest > 0 {
		quoted = append(quoted, fmt.Sprintf("and %d more", rest))
	}
	return strings.Join(quoted, ", ")
}

// mediaType returns the media type of Content-Type without its parameters, or "".
func mediaType(h http.Header) string {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return t
}

// hasToken reports whether a header that is a list separated by commas has a token.
func hasToken(h http.Header, name, token string) bool {
	for _, line := range h.Values(name) {
		for item := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(item), token) {
				return true
			}
		}
	}
	return false
}
