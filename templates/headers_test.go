package templates_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/templates"
	"gatehouse/templates/fixtures"
)

func TestEveryPageCarriesItsSecurityHeaders(t *testing.T) {
	renderer := newRenderer(t, templates.Site{})
	for _, f := range fixtures.All() {
		h := render(t, renderer, f).Header()
		require.Equal(t, "text/html; charset=utf-8", h.Get("Content-Type"))
		require.Equal(t, "no-store", h.Get("Cache-Control"))
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"))
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
		require.Equal(t, "DENY", h.Get("X-Frame-Options"))
		policy := h.Get("Content-Security-Policy")
		for _, directive := range []string{"default-src 'none'; ", "script-src 'self'; ", "style-src 'self'; ", "frame-ancestors 'none'", "base-uri 'none'"} {
			require.Contains(t, policy, directive, f.Name)
		}
		require.NotContains(t, policy, "unsafe")
	}
}

// TestFormActionAllowsTheTargetsOfAForm: form-action also applies to the redirects that
// follow the form, including redirects by the app.
func TestFormActionAllowsTheTargetsOfAForm(t *testing.T) {
	renderer := newRenderer(t, templates.Site{})
	for target, sources := range map[string]string{
		"":                              "'self'",
		"https://app.example.com":       "'self' https://app.example.com https:",
		"https://app.example.com:8443":  "'self' https://app.example.com:8443 https:",
		"http://127.0.0.1:53211":        "'self' http://127.0.0.1:53211 https: http:",
		"http://localhost:3000":         "'self' http://localhost:3000 https: http:",
		"http://[::1]:53211":            "'self' http: https:", // a policy cannot name this address
		"https://192.0.2.7":             "'self' https:",
		"com.example.app:":              "'self' com.example.app: https:",
		"https://a.example; script-src": "'self'",
		"https://a.example 'unsafe'":    "'self'",
		"https://a.example,x":           "'self'",
		"https://a\"b.example":          "'self'",
		"https://a'b.example":           "'self'",
		"https://a.example/path":        "'self'",
		"https://user@a.example":        "'self'",
		"https://*.example":             "'self'",
		"https://a.example\n":           "'self'",
		"*":                             "'self'",
		"'none'":                        "'self'",
		"https://":                      "'self'",
	} {
		f := fixtures.Fixture{Status: 200, Page: templates.ConsentPage{}, Frame: templates.Frame{FormTargets: []string{target}}}
		policy := render(t, renderer, f).Header().Get("Content-Security-Policy")
		require.Equal(t, sources, regexp.MustCompile(`form-action ([^;]*);`).FindStringSubmatch(policy)[1], "%q", target)
	}
}

func TestAFormPostPageMayPostToItsApp(t *testing.T) {
	renderer := newRenderer(t, templates.Site{})
	for action, want := range map[string]string{
		"https://app.example.com/callback?x=1": "https://app.example.com/callback?x=1",
		"com.example.app:/callback":            "com.example.app:/callback",
		"javascript:alert(1)":                  "",
		"data:text/html,x":                     "",
	} {
		f := fixtures.Fixture{Status: 200, Page: templates.FormPostPage{Action: action}}
		w := render(t, renderer, f)
		require.Equal(t, want, parse(t, w).Find("form").AttrOr("action", "missing"))
		if want != "" {
			require.Regexp(t, `form-action 'self' (https://app.example.com|com.example.app:) https:;`, w.Header().Get("Content-Security-Policy"))
		}
	}
}
