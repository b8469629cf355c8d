package relyingparty

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// curlCommand returns the request as a shell command. The client secret is always the
// variable CLIENT_SECRET. Codes and tokens are variables too, unless filled is true.
func curlCommand(e *exchange, s Scenario, filled bool) string {
	parts := []string{"curl -i"}
	if e.Method != "GET" {
		parts = append(parts, "-X "+quote(e.Method))
	}
	for _, h := range e.RequestHeader {
		switch strings.ToLower(h.Name) {
		case "authorization":
			parts = append(parts, curlAuthorization(h.Value, s, filled))
		case "accept":
			parts = append(parts, "-H "+quote("Accept: "+h.Value))
		}
	}
	if e.RequestBody != "" {
		for _, pair := range strings.Split(e.RequestBody, "&") {
			parts = append(parts, "--data-urlencode "+curlParam(pair, s, filled))
		}
	}
	parts = append(parts, quote(e.URL))
	return strings.Join(parts, " \\\n  ")
}

func curlParam(pair string, s Scenario, filled bool) string {
	name, value, _ := strings.Cut(pair, "=")
	// The client's own parameters can be unescaped. Other text is used unchanged.
	if plain, err := url.QueryUnescape(value); err == nil {
		value = plain
	}
	switch {
	case value == "":
		return quote(name + "=")
	case s.ClientSecret != "" && value == s.ClientSecret:
		return `"` + name + `=$CLIENT_SECRET"`
	case isSecretName(name) && name != "client_secret" && !filled:
		return `"` + name + `=$` + strings.ToUpper(name) + `"`
	}
	return quote(name + "=" + value)
}

func curlAuthorization(value string, s Scenario, filled bool) string {
	if credentials, isBasic := strings.CutPrefix(value, "Basic "); isBasic {
		decoded, err := base64.StdEncoding.DecodeString(credentials)
		if err != nil {
			return "-H " + quote("Authorization: "+value)
		}
		// Both parts are urlencoded (RFC 6749 §2.3.1).
		id, secret, _ := strings.Cut(string(decoded), ":")
		if secret == url.QueryEscape(s.ClientSecret) {
			return "-u " + quote(id) + `:"$CLIENT_SECRET"`
		}
		return "-u " + quote(id+":"+secret)
	}
	if filled {
		return "-H " + quote("Authorization: "+value)
	}
	return `-H "Authorization: Bearer $ACCESS_TOKEN"`
}

// quote makes one word of a POSIX shell from any text.
func quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
