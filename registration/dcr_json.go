package registration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// maxDepth bounds how deep a registration request nests. Honest metadata has
// jwks at most, a list of objects in an object.
const maxDepth = 16

// members are the members of a JSON object by their exact names. (Decoding into
// a struct would take "Redirect_URIs" for redirect_uris, and let the last of two win.)
type members map[string]json.RawMessage

// readMembers reads a body that is one JSON object. It refuses what two parsers
// could understand in two ways: invalid UTF-8, names that occur twice, anything
// behind the object (RFC 8259 §4, §8.1).
func readMembers(body []byte) (members, error) {
	if !utf8.Valid(body) || !json.Valid(body) {
		return nil, invalidMetadata("The request body is no valid JSON.")
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

// checkValue reads one value, of JSON that is known to be valid, and refuses what
// nests deeper than depth, and members whose name their object has had.
func checkValue(d *json.Decoder, depth int) error {
	token, err := d.Token()
	if err != nil {
		return invalidMetadata("The request body is no valid JSON.")
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
	_, err = d.Token() // the closing one
	return err
}

// text returns a member that is a string; has is false if it is missing or null.
func (m members) text(name string) (s string, has bool, err error) {
	has, err = m.decode(name, &s, "a string")
	return s, has, err
}

// list returns a member that is a list of strings; nil if it is missing or null.
func (m members) list(name string) (list []string, err error) {
	_, err = m.decode(name, &list, "a list of strings")
	return list, err
}

func (m members) decode(name string, into any, kind string) (bool, error) {
	raw, ok := m[name]
	if !ok || string(raw) == "null" {
		return false, nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return false, invalidMetadata(name + " must be " + kind + ".")
	}
	return true, nil
}
