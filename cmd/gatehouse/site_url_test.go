package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The site URL has the form in which browsers write an origin (URL standard §3.5): the
// comparisons with Host and Origin, the issuer and the names of the cookies use it.
func TestSiteURLHasTheFormThatBrowsersSend(t *testing.T) {
	for in, want := range map[string]string{
		"https://sso.example.com":            "https://sso.example.com",
		"HTTPS://SSO.Example.COM":            "https://sso.example.com",
		"https://sso.example.com.":           "https://sso.example.com",
		"https://sso.example.com.:8443/sso/": "https://sso.example.com:8443/sso",
		"https://sso.example.com:443":        "https://sso.example.com",
		"https://sso.example.com:443/sso":    "https://sso.example.com/sso",
		"https://sso.example.com:0443":       "https://sso.example.com",
		"https://sso.example.com:":           "https://sso.example.com",
		"https://sso.example.com:80":         "https://sso.example.com:80",
		"http://sso.example.com:80":          "http://sso.example.com",
		"http://nas:8065":                    "http://nas:8065",
		"http://gateway_1:8065":              "http://gateway_1:8065",
		"https://example.com/SSO":            "https://example.com/SSO",
		"http://127.0.0.1:8065":              "http://127.0.0.1:8065",
		"http://192.168.1.1.:80":             "http://192.168.1.1",
		"http://[::1]:8065":                  "http://[::1]:8065",
		"https://[2001:DB8:0:0::7]:443/sso":  "https://[2001:db8::7]/sso",

		"https://bücher.example":                 "https://xn--bcher-kva.example",
		"https://BÜCHER.example":                 "https://xn--bcher-kva.example",
		"https://bu\u0308cher.example":           "https://xn--bcher-kva.example", // NFD, as macOS types it
		"https://b%C3%BCcher.example":            "https://xn--bcher-kva.example",
		"https://xn--bcher-kva.example":          "https://xn--bcher-kva.example",
		"https://XN--Bcher-KVA.example.:443/sso": "https://xn--bcher-kva.example/sso",
		"https://sso.faß.example":                "https://sso.xn--fa-hia.example", // nontransitional, as browsers do
		"https://例え。テスト:8443":                    "https://xn--r8jz45g.xn--zckzah:8443",
		"https://ｓｓｏ.example.com":                "https://sso.example.com",
		"https://☃.example":                      "https://xn--n3h.example",
		"https://дом.рф/sso":                     "https://xn--d1aqf.xn--p1ai/sso",
		"http://１９２.168.1.1":                     "http://192.168.1.1",
	} {
		u, problem := parseSiteURL(in)
		require.Empty(t, problem, in)
		require.Equal(t, want, u.String(), in)
		again, problem := parseSiteURL(u.String())
		require.Empty(t, problem, in)
		require.Equal(t, want, again.String(), "the form is stable")
	}
}

func TestInvalidSiteHostsAreRefused(t *testing.T) {
	for in, hint := range map[string]string{
		"https://xn--a.example":                        "RFC 5891", // not punycode
		"https://xn--zzzzzzzzzzzz.example":             "RFC 5891",
		"https://a\u200db.example":                     "RFC 5891", // an invisible joiner
		"https://-bücher.example":                      "RFC 5891",
		"https://bücher-.example":                      "RFC 5891",
		"https://אa.example":                           "RFC 5891", // the Bidi rule
		"https://" + strings.Repeat("ü", 64) + ".com":  "RFC 5891",
		"https://my_host.bücher.example":               "RFC 5891",
		"https://ex*mple.com":                          "DNS name",
		"https://*.example.com":                        "DNS name",
		"https://-sso.example.com":                     "DNS name",
		"https://sso..example.com":                     "DNS name",
		"https://.example.com":                         "DNS name",
		"https://sso.example.com..":                    "DNS name",
		"https://a,b":                                  "DNS name",
		"https://" + strings.Repeat("a", 64) + ".com":  "DNS name",
		"https://" + strings.Repeat("a.", 130) + "com": "DNS name",
		"https://127.1":                                "four decimal numbers",
		"https://2130706433":                           "four decimal numbers",
		"https://0x7f.1":                               "four decimal numbers",
		"https://1.2.3.256":                            "four decimal numbers",
		"https://127.0.0.01":                           "four decimal numbers",
		"https://[fe80::1%25eth0]":                     "zone",
		"https://[::ffff:127.0.0.1]":                   "form of IPv4",
		"https://sso.example.com:0":                    "1 to 65535",
		"https://sso.example.com:65536":                "1 to 65535",
		"https://sso.example.com:99999999999999999":    "1 to 65535",
		"https://sso.example.com:https":                "must be a URL",
		"https://[::1":                                 "must be a URL",
		"https:sso.example.com":                        "must be a URL",
		"https:///sso":                                 "must be a URL",
	} {
		_, problem := parseSiteURL(in)
		require.Contains(t, problem, hint, in)
	}
}
