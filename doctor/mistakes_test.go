package doctor_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/doctor"
)

// mistake is a change of a server, and the rules that it then breaks.
type mistake struct {
	name  string
	make  func(s *site)
	rules []string
}

// on edits the replies to requests for a path.
func on(path string, edit func(r *http.Request, a *reply)) func(*site) {
	return func(s *site) {
		s.edit = func(r *http.Request, a *reply) {
			if r.URL.Path == path {
				edit(r, a)
			}
		}
	}
}

// onMethod edits the replies to requests for a path with a method.
func onMethod(method, path string, edit func(a *reply)) func(*site) {
	return on(path, func(r *http.Request, a *reply) {
		if r.Method == method {
			edit(a)
		}
	})
}

func without(header string) func(*http.Request, *reply) {
	return func(_ *http.Request, a *reply) { a.header.Del(header) }
}

func with(header, value string) func(*http.Request, *reply) {
	return func(_ *http.Request, a *reply) { a.header.Set(header, value) }
}

const (
	oauthDocument  = "/.well-known/oauth-authorization-server"
	openIDDocument = "/.well-known/openid-configuration"
)

// withKeys replaces the key set.
func withKeys(keys ...any) func(*site) {
	return func(s *site) { s.keys = map[string]any{"keys": keys} }
}

// change sets a member of a key.
func change(key map[string]any, name string, value any) map[string]any {
	key[name] = value
	return key
}

func serverMistakes() []mistake {
	everywhere := func(edit func(a *reply)) func(*site) {
		return func(s *site) { s.edit = func(_ *http.Request, a *reply) { edit(a) } }
	}
	webPage := func(a *reply) {
		*a = reply{http.StatusOK, http.Header{"Content-Type": {"text/html"}, "X-Frame-Options": {"DENY"}, "Strict-Transport-Security": {"max-age=1"}}, "<html>An app</html>"}
	}
	return []mistake{
		{"the certificate is of an unknown authority", func(s *site) { s.untrusted = true }, []string{"tls.trust"}},
		{"the certificate is for another host", func(s *site) { s.certificate.DNSNames = []string{"www.example.com"} }, []string{"tls.name"}},
		{"the certificate has expired", func(s *site) { s.certificate.NotAfter = time.Now().Add(-time.Minute) }, []string{"tls.validity"}},
		{"the certificate is not valid yet", func(s *site) { s.certificate.NotBefore = time.Now().Add(time.Hour) }, []string{"tls.validity"}},
		{"the certificate expires soon", func(s *site) { s.certificate.NotAfter = time.Now().AddDate(0, 0, 3) }, []string{"tls.renewal"}},
		{"http serves the site", func(s *site) { s.plainHTTP = s.ServeHTTP }, []string{"http.redirect"}},
		{"http redirects to http", func(s *site) {
			s.plainHTTP = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://sso.example.com/", http.StatusFound)
			}
		}, []string{"http.redirect"}},
		{"no HSTS", everywhere(func(a *reply) { a.header.Del("Strict-Transport-Security") }), []string{"http.hsts"}},
		{"HSTS is taken back", everywhere(func(a *reply) { a.header.Set("Strict-Transport-Security", "max-age=0") }), []string{"http.hsts"}},
		{"the clock is behind", everywhere(func(a *reply) {
			a.header.Set("Date", time.Now().Add(-5*time.Minute).UTC().Format(http.TimeFormat))
		}), []string{"clock.difference"}},
		{"the clock is ahead", everywhere(func(a *reply) {
			a.header.Set("Date", time.Now().Add(5*time.Minute).UTC().Format(http.TimeFormat))
		}), []string{"clock.difference"}},

		{"a web server without OAuth", everywhere(func(a *reply) { a.status = http.StatusNotFound }), []string{"metadata.found"}},
		{"the provider is off", everywhere(func(a *reply) { a.status = http.StatusNotImplemented }), []string{"metadata.found"}},
		{"the server knows another host", everywhere(func(a *reply) { a.status = http.StatusMisdirectedRequest }), []string{"server.host"}},
		{"a web page at every path", everywhere(webPage), []string{"metadata.format"}},
		{"a web page in place of one document", on(oauthDocument, func(_ *http.Request, a *reply) { webPage(a) }), []string{"metadata.format"}},
		{"broken JSON", on(oauthDocument, func(_ *http.Request, a *reply) { a.body = a.body[:40] }), []string{"metadata.format"}},
		{"text after the JSON", on(oauthDocument, func(_ *http.Request, a *reply) { a.body += "}" }), []string{"metadata.format"}},
		{"only OpenID Connect has a document", on(oauthDocument, func(_ *http.Request, a *reply) { a.status = http.StatusNotFound }), []string{"metadata.place"}},
		{"the document moved", on(oauthDocument, func(_ *http.Request, a *reply) {
			a.status = http.StatusFound
			a.header.Set("Location", "/metadata.json")
		}), []string{"metadata.redirect"}},
		{"the document is text", on(oauthDocument, with("Content-Type", "text/plain")), []string{"metadata.content-type"}},
		{"the documents differ", func(s *site) { s.openID["token_endpoint"] = issuer + "/other" }, []string{"metadata.agreement"}},
		{"no Cache-Control", on(oauthDocument, without("Cache-Control")), []string{"metadata.cache"}},
		{"metadata is cached for a year", on(oauthDocument, with("Cache-Control", "max-age=31536000")), []string{"metadata.cache"}},
		{"no CORS", on(oauthDocument, without("Access-Control-Allow-Origin")), []string{"metadata.cors"}},
		{"CORS for one site only", on(oauthDocument, with("Access-Control-Allow-Origin", "https://app.example.com")), []string{"metadata.cors"}},
		{"no response types", func(s *site) { delete(s.metadata, "response_types_supported") }, []string{"metadata.members"}},
		{"no token endpoint", func(s *site) { delete(s.metadata, "token_endpoint"); delete(s.openID, "token_endpoint") }, []string{"metadata.members"}},
		{"no key set", func(s *site) { delete(s.openID, "jwks_uri") }, []string{"metadata.members"}},
		{"scopes are a string", func(s *site) { s.metadata["scopes_supported"] = "openid profile" }, []string{"metadata.types"}},
		{"true is a string", func(s *site) { s.openID["claims_parameter_supported"] = "true" }, []string{"metadata.types"}},

		{"the proxy does not say https", func(s *site) {
			for _, m := range []map[string]any{s.metadata, s.openID, s.resource} {
				toIssuer(m, "http://sso.example.com")
			}
			s.resource["authorization_servers"] = []string{"http://sso.example.com"}
		}, []string{"issuer.equal", "resource.equal"}},
		{"the site URL is the default", func(s *site) {
			toIssuer(s.metadata, "http://localhost:8065")
			toIssuer(s.openID, "http://localhost:8065")
			s.resource["authorization_servers"] = []string{"http://localhost:8065"}
		}, []string{"issuer.equal"}},
		{"the issuer has a slash at its end", func(s *site) {
			s.set("issuer", issuer+"/")
			s.resource["authorization_servers"] = []string{issuer + "/"}
		}, []string{"issuer.equal"}},
		{"the issuer has a query", func(s *site) {
			s.set("issuer", issuer+"?tenant=1")
			s.resource["authorization_servers"] = []string{issuer + "?tenant=1"}
		}, []string{"issuer.equal", "issuer.form"}},
		{"http on the internet", func(s *site) { s.asHTTP("http://sso.example.com") }, []string{"issuer.form"}},
		{"http on a private network", func(s *site) { s.asHTTP("http://nas.lan") }, []string{"issuer.private-http"}},
		{"no iss", func(s *site) { s.set("authorization_response_iss_parameter_supported", false) }, []string{"iss.parameter"}},
		{"no PKCE", func(s *site) {
			delete(s.metadata, "code_challenge_methods_supported")
			delete(s.openID, "code_challenge_methods_supported")
		}, []string{"pkce.announced"}},
		{"PKCE without S256", func(s *site) { s.set("code_challenge_methods_supported", []string{"S512"}) }, []string{"pkce.s256"}},
		{"PKCE with plain", func(s *site) { s.set("code_challenge_methods_supported", []string{"S256", "plain"}) }, []string{"pkce.plain"}},
		{"an endpoint is a path", func(s *site) { s.set("token_endpoint", "/token") }, []string{"endpoint.url"}},
		{"an endpoint has a fragment", func(s *site) { s.set("authorization_endpoint", issuer+"/authorize#top") }, []string{"endpoint.url"}},
		{"an endpoint is http", func(s *site) { s.set("token_endpoint", "http://sso.example.com/token") }, []string{"endpoint.https"}},
		{"an endpoint is on another port", func(s *site) { s.set("token_endpoint", "https://sso.example.com:8065/token") }, []string{"endpoint.host"}},
		{"an endpoint is on a private host", func(s *site) { s.set("token_endpoint", "https://gatehouse:8065/token") }, []string{"endpoint.host"}},
		{"an endpoint is on an unknown host", func(s *site) { s.set("token_endpoint", "https://tokens.example.com/token") }, []string{"server.name"}},

		{"authorize answers 200", onMethod(http.MethodGet, "/authorize", func(a *reply) { a.status = http.StatusOK }), []string{"authorize.page"}},
		{"authorize fails", onMethod(http.MethodGet, "/authorize", func(a *reply) { a.status = http.StatusInternalServerError }), []string{"authorize.page"}},
		{"authorize redirects to the sign-in page", onMethod(http.MethodGet, "/authorize", func(a *reply) {
			a.status = http.StatusFound
			a.header.Set("Location", "/login")
		}), []string{"authorize.page"}},
		{"authorize redirects elsewhere", onMethod(http.MethodGet, "/authorize", func(a *reply) {
			a.status = http.StatusFound
			a.header.Set("Location", "https://www.example.com/?error=invalid_request")
		}), []string{"authorize.redirect"}},
		{"authorize has CORS", on("/authorize", with("Access-Control-Allow-Origin", "*")), []string{"authorize.cors"}},
		{"pages can be framed", on("/login", without("X-Frame-Options")), []string{"page.frame"}},
		{"every site may frame pages", on("/login", func(_ *http.Request, a *reply) {
			a.header.Del("X-Frame-Options")
			a.header.Set("Content-Security-Policy", "frame-ancestors *")
		}), []string{"page.frame"}},
		{"a cookie without Secure", on("/login", with("Set-Cookie", "s=1; HttpOnly; SameSite=Lax")), []string{"cookie.secure"}},
		{"a cookie without HttpOnly", on("/login", with("Set-Cookie", "s=1; Secure; SameSite=Lax")), []string{"cookie.http-only"}},
		{"a cookie without SameSite", on("/login", with("Set-Cookie", "s=1; Secure; HttpOnly")), []string{"cookie.same-site"}},

		{"the token endpoint shows a page", onMethod(http.MethodPost, "/token", webPage), []string{"token.error"}},
		{"the token endpoint fails", onMethod(http.MethodPost, "/token", func(a *reply) { a.status = http.StatusInternalServerError }), []string{"token.error"}},
		{"the token endpoint redirects", onMethod(http.MethodPost, "/token", func(a *reply) {
			a.status = http.StatusMovedPermanently
			a.header.Set("Location", "/token/")
		}), []string{"token.error"}},
		{"the error is an object", onMethod(http.MethodPost, "/token", func(a *reply) { a.body = `{"error":{"code":400}}` }), []string{"token.error"}},
		{"tokens may be cached", onMethod(http.MethodPost, "/token", func(a *reply) { a.header.Set("Cache-Control", "private") }), []string{"token.cache"}},
		{"the token endpoint accepts GET", onMethod(http.MethodGet, "/token", func(a *reply) { a.status = http.StatusOK }), []string{"token.get"}},
		{"no preflight", onMethod(http.MethodOptions, "/token", func(a *reply) { a.status = http.StatusMethodNotAllowed }), []string{"token.cors"}},
		{"a preflight without Authorization", onMethod(http.MethodOptions, "/token", func(a *reply) { a.header.Set("Access-Control-Allow-Headers", "*") }), []string{"token.cors"}},
		{"UserInfo without a token", on("/userinfo", func(_ *http.Request, a *reply) { a.status = http.StatusOK }), []string{"userinfo.challenge"}},
		{"UserInfo without a challenge", on("/userinfo", without("WWW-Authenticate")), []string{"userinfo.challenge"}},
		{"registration accepts a text", on("/register", func(_ *http.Request, a *reply) { a.status = http.StatusCreated }), []string{"registration.refusal"}},

		{"the key set is missing", on("/jwks", func(_ *http.Request, a *reply) { a.status = http.StatusNotFound }), []string{"keys.found"}},
		{"the key set is a page", on("/jwks", func(_ *http.Request, a *reply) { webPage(a) }), []string{"keys.found"}},
		{"the key set is empty", withKeys(), []string{"keys.found"}},
		{"a private key is published", withKeys(change(rsaKey("1"), "d", "secret")), []string{"keys.private"}},
		{"two keys have one id", withKeys(rsaKey("1"), rsaKey("1")), []string{"keys.ids"}},
		{"a key has no id", withKeys(rsaKey("1"), map[string]any{"kty": "EC"}), []string{"keys.ids"}},
		{"no RSA key", withKeys(map[string]any{"kty": "EC", "kid": "1"}), []string{"keys.rs256"}},
		{"a small RSA key", withKeys(change(rsaKey("1"), "n", strings.Repeat("w", 171))), []string{"keys.rs256"}},
		{"the key is for encryption", withKeys(change(rsaKey("1"), "use", "enc")), []string{"keys.rs256"}},
		{"RS256 is not announced", func(s *site) { s.openID["id_token_signing_alg_values_supported"] = []string{"ES256"} }, []string{"keys.rs256"}},
		{"another resource", func(s *site) { s.resource["resource"] = "https://api.example.com" }, []string{"resource.equal"}},
		{"the resource uses another server", func(s *site) { s.resource["authorization_servers"] = []string{"https://other.example.com"} }, []string{"resource.server"}},
	}
}

// toIssuer replaces the issuer at the start of each value.
func toIssuer(m map[string]any, other string) {
	for name, value := range m {
		if s, ok := value.(string); ok {
			m[name] = strings.Replace(s, issuer, other, 1)
		}
	}
}

// broken returns the ids of the findings that are not OK, once each.
func broken(r doctor.Report) []string {
	ids := []string{}
	for _, f := range r.Findings {
		if f.Level != doctor.OK && !slices.Contains(ids, f.ID) {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

func TestServerWithoutMistakesHasNoFindings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSite().examine(t, doctor.Config{})
		require.Empty(t, broken(r), "%+v", r.Findings)
		require.Greater(t, r.Summary.OK, 40)
		require.Zero(t, r.Summary.Errors+r.Summary.Warnings)
	})
}

func TestEachMistakeHasItsFinding(t *testing.T) {
	for _, m := range append(serverMistakes(), hostileServers()...) {
		t.Run(m.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite()
				m.make(s)
				r := s.examine(t, doctor.Config{})
				require.Equal(t, m.rules, broken(r), "%+v", r.Findings)
				for _, f := range r.Findings {
					require.NotEmpty(t, f.Reference)
					require.Equal(t, f.Level == doctor.OK, f.Change == "")
					require.Regexp(t, `^["A-Z0-9].*\.$`, f.Found, "a sentence")
				}
			})
		})
	}
}

func TestEachRuleHasAMistake(t *testing.T) {
	var covered []string
	for _, m := range append(serverMistakes(), hostileServers()...) {
		covered = append(covered, m.rules...)
	}
	seen := map[string]bool{}
	for _, rule := range doctor.Rules() {
		require.Contains(t, covered, rule.ID)
		require.False(t, seen[rule.ID], "%s is listed once", rule.ID)
		seen[rule.ID] = true
		require.Regexp(t, `^[A-Z].*\.$`, rule.Change, "a sentence")
		require.Regexp(t, `^(RFC [0-9]+|OpenID Connect [A-Za-z]+) §[0-9.]*[0-9]$`, rule.Reference, rule.ID)
		require.Contains(t, []doctor.Level{doctor.Warning, doctor.Error}, rule.Level)
	}
}
