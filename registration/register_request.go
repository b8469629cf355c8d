package registration

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

const (
	// maxRequest is the maximum size of a registration request in bytes. Logos and keys
	// are sent as links, and all that Gatehouse stores fits into two kilobytes.
	maxRequest = 64 << 10
	// maxDepth is the maximum depth of the JSON. The deepest metadata of RFC 7591 is
	// jwks: a list of objects in an object.
	maxDepth = 16
)

// members are the members of a JSON object by their exact names. Decoding into a struct
// instead would accept "Redirect_URIs" as redirect_uris, and the last of two members
// with the same name.
type members map[string]json.RawMessage

// readRequest reads the members of the request body. A client should send the content
// type application/json (RFC 7591 §3.1), but other types are accepted too (C 1.11),
// except those of HTML forms. It returns a *registrationError for a body that is not a
// JSON object, and a *http.MaxBytesError for one that is too large.
func readRequest(w http.ResponseWriter, r *http.Request) (members, error) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && (mediaType == "application/x-www-form-urlencoded" || strings.HasPrefix(mediaType, "multipart/")) {
		return nil, invalidMetadata("The request must be JSON with the header Content-Type: application/json.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, err
		}
		return nil, invalidMetadata("The request body could not be read.")
	}
	return parseMembers(body)
}

// parseMembers parses a body that is one JSON object. It refuses a body that two parsers
// can understand differently: invalid UTF-8, a name that occurs twice in an object, and
// data after the object (RFC 8259 §4, §8.1).
func parseMembers(body []byte) (members, error) {
	if !utf8.Valid(body) || !json.Valid(body) {
		return nil, invalidMetadata("The request body is not valid JSON.")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := checkValue(d, maxDepth); err != nil {
		return nil, err
	}
	var m members
	if err := json.Unmarshal(body, &m); err != nil || m == nil {
		return nil, invalidMetadata("The request body must be a JSON object with the metadata of the client.")
	}
	return m, nil
}

// checkValue reads one value from valid JSON. It refuses a value that is nested deeper
// than depth, and an object in which a name occurs twice.
func checkValue(d *json.Decoder, depth int) error {
	token, err := d.Token()
	if err != nil {
		return invalidMetadata("The request body is not valid JSON.")
	}
	opening, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	if depth == 0 {
		return invalidMetadata("The request body is nested too deeply.")
	}
	seen := map[json.Token]bool{}
	for d.More() {
		if opening == '{' {
			name, err := d.Token()
			if err != nil || seen[name] {
				return invalidMetadata(fmt.Sprintf("The request body has the member %.40q twice.", name))
			}
			seen[name] = true
		}
		if err := checkValue(d, depth-1); err != nil {
			return err
		}
	}
	_, err = d.Token() // the closing delimiter
	return err
}

// text returns a member that is a string. has is false if the member is missing or null.
func (m members) text(name string) (s string, has bool, err error) {
	has, err = m.decode(name, &s)
	if err != nil {
		return "", has, invalidMetadata(fmt.Sprintf("The member %s must be a string.", name))
	}
	return s, has, nil
}

// list returns a member that is a list of strings. It returns nil if the member is
// missing or null.
func (m members) list(name string) (list []string, err error) {
	if _, err := m.decode(name, &list); err != nil {
		return nil, invalidMetadata(fmt.Sprintf("The member %s must be a list of strings.", name))
	}
	return list, nil
}

func (m members) decode(name string, into any) (has bool, err error) {
	raw, ok := m[name]
	if !ok || string(raw) == "null" {
		return false, nil
	}
	return true, json.Unmarshal(raw, into)
}
