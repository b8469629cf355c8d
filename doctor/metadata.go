package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The well-known paths of RFC 8414 §3, OpenID Connect Discovery §4 and RFC 9728 §3.
const (
	oauthPath    = "/.well-known/oauth-authorization-server"
	openIDPath   = "/.well-known/openid-configuration"
	resourcePath = "/.well-known/oauth-protected-resource"
)

// origin is the origin that the checks of CORS send. It belongs to no site.
const origin = "https://client.example"

// maxMetadataAge is how long caches may keep metadata, in seconds. Endpoints and keys
// change seldom, but then clients must notice.
const maxMetadataAge = 24 * 60 * 60

// document is metadata that was found at a place.
type document struct {
	answer
	isOpenID bool // it is the document of OpenID Connect Discovery
	members  map[string]json.RawMessage
}

// acceptJSON returns the header of a request for a document.
func acceptJSON() http.Header { return http.Header{"Accept": {"application/json"}} }

// wellKnown returns the URL of a document: the well-known path is inserted before the
// path of the issuer (RFC 8414 §3.1).
func (e *examination) wellKnown(path string) string {
	u := *e.issuer
	u.Path = path + e.issuer.Path
	return u.String()
}

// appended returns the URL of a document as OpenID Connect Discovery §4.1 builds it: the
// well-known path follows the path of the issuer.
func (e *examination) appended(path string) string {
	u := *e.issuer
	u.Path = e.issuer.Path + path
	return u.String()
}

// findMetadata requests the documents at all places, and returns those that are there:
// first the one that RFC 8414 wants, whose answer or failure is known.
func (e *examination) findMetadata(ctx context.Context, first answer, firstFailed *failure) []document {
	var found []document
	var missing []string
	misdirected := false
	places := []string{e.wellKnown(oauthPath), e.appended(oauthPath), e.appended(openIDPath), e.wellKnown(openIDPath)}
	for i, place := range places {
		if slices.Contains(places[:i], place) { // an issuer without a path
			continue
		}
		a, failed := first, firstFailed
		if i > 0 {
			a, failed = e.client.get(ctx, place, acceptJSON())
		}
		if failed != nil {
			e.fail(failed)
			continue
		}
		d, ok := e.readDocument(a)
		if !ok {
			missing = append(missing, fmt.Sprintf("%s answers %d%s", quote(place), a.status, reason(a)))
			misdirected = misdirected || a.status == http.StatusMisdirectedRequest
			continue
		}
		d.isOpenID = strings.Contains(place, openIDPath)
		found = append(found, d)
	}
	switch {
	case len(found) == 0 && misdirected:
		e.Broken(serverHost, "The server answers 421: it does not serve the host %s.", quote(e.issuer.Host))
	case len(found) == 0 && !e.IsBroken(metadataFormat, metadataRedirect, answerTime, answerSize, serverConnection):
		e.Broken(metadataFound, "This is not an authorization server with metadata: %s.", strings.Join(missing, ", "))
	case len(found) > 0:
		var at []string
		for _, d := range found {
			at = append(at, d.url)
		}
		e.Met(metadataFound, "There is metadata at %s.", list(at))
		e.checkPlace(found[0], places[0])
	}
	return found
}

// reason returns the sentence of an error in JSON, in parentheses, or "".
func reason(a answer) string {
	members, err := parseObject(a.body)
	if err != nil {
		return ""
	}
	for _, name := range []string{"error_description", "message"} {
		if s, ok := stringMember(members, name); ok && s != "" {
			return " (" + quote(s) + ")"
		}
	}
	return ""
}

// checkPlace judges whether clients that know only RFC 8414 find the document.
func (e *examination) checkPlace(first document, place string) {
	switch {
	case first.url == place:
		e.Met(metadataPlace, "There is a document at the place of RFC 8414.")
	case !e.IsBroken(metadataFormat, metadataRedirect, answerTime, answerSize):
		e.Broken(metadataPlace, "There is no document at %s, where clients of OAuth 2.0 look for it.", quote(place))
	}
}

// readDocument returns the document in an answer. An answer of the classes 4xx and 5xx
// has none; a redirect or another text is a finding.
func (e *examination) readDocument(a answer) (document, bool) {
	switch {
	case a.isRedirect():
		e.Broken(metadataRedirect, "%s redirects to %s.", quote(a.url), quote(a.header.Get("Location")))
		return document{}, false
	case a.status != http.StatusOK:
		return document{}, false
	}
	members, err := parseObject(a.body)
	switch {
	case err != nil && a.isHTML():
		e.Broken(metadataFormat, "%s answers 200 with a web page instead of JSON.", quote(a.url))
		return document{}, false
	case err != nil:
		e.Broken(metadataFormat, "%s answers 200 with a text that is not a JSON object: %s.", quote(a.url), plain(err.Error()))
		return document{}, false
	}
	if mediaType(a.header) != "application/json" {
		e.Broken(metadataType, "%s has the Content-Type %s.", quote(a.url), quote(a.header.Get("Content-Type")))
	}
	return document{answer: a, members: members}, true
}

// parseObject parses a text that is one JSON object.
func parseObject(text []byte) (map[string]json.RawMessage, error) {
	var members map[string]json.RawMessage
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&members); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more text after the object")
	}
	if members == nil {
		return nil, errors.New("it is null")
	}
	return members, nil
}

// checkMetadataHeaders judges what caches and browsers do with the first document.
func (e *examination) checkMetadataHeaders(ctx context.Context, d document) {
	age, hasAge := maxAge(d.header)
	value := d.header.Get("Cache-Control")
	switch {
	case value == "":
		e.Broken(metadataCache, "The metadata has no Cache-Control, so each cache decides how long it keeps it.")
	case hasAge && age > maxMetadataAge:
		e.Broken(metadataCache, "Caches keep the metadata for %d seconds, so clients notice a change late.", age)
	default:
		e.Met(metadataCache, "Cache-Control of the metadata is %s.", quote(value))
	}
	header := acceptJSON()
	header.Set("Origin", origin)
	a, failed := e.client.get(ctx, d.url, header)
	switch {
	case failed != nil:
		e.fail(failed)
	case !allowsOrigin(a.header):
		e.Broken(metadataCORS, "A script of another site cannot read %s, because there is no Access-Control-Allow-Origin for it.", quote(d.url))
	default:
		e.Met(metadataCORS, "A script of another site can read the metadata.")
	}
}

// allowsOrigin reports whether a script of origin may read the answer.
func allowsOrigin(h http.Header) bool {
	allowed := h.Values("Access-Control-Allow-Origin")
	return len(allowed) == 1 && (allowed[0] == "*" || allowed[0] == origin)
}

// maxAge returns the directive max-age of Cache-Control, in seconds.
func maxAge(h http.Header) (seconds int, ok bool) {
	for item := range strings.SplitSeq(h.Get("Cache-Control"), ",") {
		if value, found := strings.CutPrefix(strings.ToLower(strings.TrimSpace(item)), "max-age="); found {
			n, err := strconv.Atoi(strings.Trim(value, `"`))
			return n, err == nil
		}
	}
	return 0, false
}

// merge returns the members of all documents. If two of them have different values for
// the issuer or an endpoint, that is a finding, and the first one counts.
func (e *examination) merge(found []document) map[string]json.RawMessage {
	merged, source := map[string]json.RawMessage{}, map[string]string{}
	var different []string
	for _, d := range found {
		for name, value := range d.members {
			first, known := merged[name]
			if !known {
				merged[name], source[name] = value, d.url
				continue
			}
			if mustAgree(name) && text(first) != text(value) {
				different = append(different, fmt.Sprintf("%s is %s at %s and %s at %s", quote(name), quote(text(first)), quote(source[name]), quote(text(value)), quote(d.url)))
			}
		}
	}
	slices.Sort(different)
	switch {
	case len(different) > 0:
		e.Broken(metadataAgreement, "The documents differ: %s.", strings.Join(different[:min(len(different), 5)], "; "))
	case len(found) > 1:
		e.Met(metadataAgreement, "The documents have the same issuer and endpoints.")
	}
	return merged
}

// mustAgree reports whether a member must have the same value in all documents.
func mustAgree(name string) bool {
	return name == "issuer" || name == "jwks_uri" || strings.HasSuffix(name, "_endpoint")
}

// text returns the value of a member that is a string, and otherwise its JSON.
func text(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) != nil {
		return string(value)
	}
	return s
}

// sameURL reports whether two URLs differ at most in a slash at the end.
func sameURL(a, b string) bool { return strings.TrimRight(a, "/") == strings.TrimRight(b, "/") }

// parseHTTP returns an absolute http or https URL with a host.
func parseHTTP(s string) (*url.URL, bool) {
	u, err := url.Parse(s)
	return u, err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}
