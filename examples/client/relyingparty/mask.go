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

// maskSecret returns dots and the last characters of a secret. They are enough to compare
// two secrets and too few to use. A short secret has only dots.
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

// isSecretName reports whether the value of a parameter or JSON member is always masked.
func isSecretName(name string) bool {
	switch name {
	case "client_secret", "code", "access_token", "refresh_token", "id_token":
		return true
	}
	return false
}

// masker masks the secrets of a run in any text, also if a server repeats them in an
// unexpected place.
type masker struct{ replacer *strings.Replacer }

func newMasker(secrets ...string) masker {
	// The longest secret is first, because a secret can contain another.
	sort.Slice(secrets, func(i, j int) bool { return len(secrets[i]) > len(secrets[j]) })
	var pairs []string
	for _, secret := range secrets {
		if len(secret) < 4 {
			continue // too short: other text could contain it
		}
		hidden := maskSecret(secret)
		quoted, _ := json.Marshal(secret) // can't fail for a string
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

// header masks one header. The scheme of an Authorization header stays visible.
func (m masker) header(f field) field {
	switch strings.ToLower(f.Name) {
	case "authorization":
		scheme, credentials, _ := strings.Cut(f.Value, " ")
		if scheme == "Basic" { // its last characters are those of the secret, which can be short
			return field{f.Name, scheme + " ••••••"}
		}
		return field{f.Name, scheme + " " + maskSecret(credentials)}
	case "set-cookie":
		name, _, _ := strings.Cut(f.Value, "=")
		return field{f.Name, m.text(name) + "=••••••"}
	}
	return field{f.Name, m.text(f.Value)}
}

// form masks a urlencoded body and puts each parameter on its own line, in the order of the
// request.
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

// secretMember finds a secret member of JSON. The closing quote is missing if the body was
// cut.
var secretMember = regexp.MustCompile(`("(?:client_secret|access_token|refresh_token|id_token)"\s*:\s*)"((?:[^"\\]|\\.)+)(?:"|\\?$)`)

// body masks a response body. It indents JSON and keeps the order of members.
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
