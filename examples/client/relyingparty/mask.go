package relyingparty

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"sort"
	"strings"
)

// maskSecret leaves the last characters of a secret, enough to tell two apart
// and too few to use: none of a short one.
func maskSecret(secret string) string {
	const dots = "••••••"
	tail := 0
	switch {
	case len(secret) >= 24:
		tail = 6
	case len(secret) >= 12:
		tail = 3
	}
	return dots + strings.ToValidUTF8(secret[len(secret)-tail:], "")
}

// isSecretName: parameters and JSON members whose value is masked whoever sent
// it and whatever it is.
func isSecretName(name string) bool {
	switch name {
	case "client_secret", "code", "access_token", "refresh_token", "id_token":
		return true
	}
	return false
}

// masker hides the secrets of a run wherever they turn up, also where a server
// repeats them in a place of its own choice.
type masker struct{ replacer *strings.Replacer }

func newMasker(secrets ...string) masker {
	// Longest first: one secret may contain another.
	sort.Slice(secrets, func(i, j int) bool { return len(secrets[i]) > len(secrets[j]) })
	var pairs []string
	for _, secret := range secrets {
		if len(secret) < 4 {
			continue // too short to be found without hitting innocent text
		}
		hidden := maskSecret(secret)
		quoted, _ := json.Marshal(secret) // a string always marshals
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret), string(quoted[1 : len(quoted)-1])} {
			pairs = append(pairs, form, hidden)
		}
	}
	return masker{strings.NewReplacer(pairs...)}
}

func (m masker) text(s string) string { return m.replacer.Replace(s) }

// param masks one parameter.
func (m masker) param(name, value string) string {
	if isSecretName(name) && value != "" {
		return maskSecret(value)
	}
	return m.text(value)
}

// header masks one header; of an Authorization, the scheme stays.
func (m masker) header(f field) field {
	switch strings.ToLower(f.Name) {
	case "authorization":
		scheme, credentials, _ := strings.Cut(f.Value, " ")
		if scheme == "Basic" { // its end is the end of the secret, however short that is
			return field{f.Name, scheme + " ••••••"}
		}
		return field{f.Name, scheme + " " + maskSecret(credentials)}
	case "set-cookie":
		name, _, _ := strings.Cut(f.Value, "=")
		return field{f.Name, m.text(name) + "=••••••"}
	}
	return field{f.Name, m.text(f.Value)}
}

// form masks a urlencoded body and puts each parameter on a line of its own,
// in the order in which it was sent.
func (m masker) form(body string) string {
	if body == "" {
		return ""
	}
	var lines []string
	for _, pair := range strings.Split(body, "&") {
		name, value, _ := strings.Cut(pair, "=")
		plainName, nameErr := url.QueryUnescape(name)
		plain, err := url.QueryUnescape(value)
		if nameErr == nil && err == nil && isSecretName(plainName) && plain != "" {
			value = maskSecret(plain)
		}
		lines = append(lines, m.text(name)+"="+m.text(value))
	}
	return strings.Join(lines, "\n&")
}

// url masks the parameters of a URL's query.
func (m masker) url(raw string) string {
	before, query, found := strings.Cut(raw, "?")
	if !found {
		return m.text(raw)
	}
	return m.text(before) + "?" + strings.ReplaceAll(m.form(query), "\n", "")
}

// The closing quote may be missing where a body was cut.
var secretMember = regexp.MustCompile(`("(?:client_secret|access_token|refresh_token|id_token)"\s*:\s*)"((?:[^"\\]|\\.)+)(?:"|\\?$)`)

// body masks an answer's body; JSON is indented, its members stay in order.
func (m masker) body(body string) string {
	var indented bytes.Buffer
	if json.Indent(&indented, []byte(body), "", "  ") == nil {
		body = indented.String()
	}
	body = secretMember.ReplaceAllStringFunc(body, func(member string) string {
		parts := secretMember.FindStringSubmatch(member)
		return fmt.Sprintf(`%s"%s"`, parts[1], maskSecret(parts[2]))
	})
	return m.text(body)
}
