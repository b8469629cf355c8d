package templates_test

import (
	"strings"
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
		require.Equal(t, "same-origin", h.Get("Referrer-Policy"))
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
		require.Equal(t, "DENY", h.Get("X-Frame-Options"))
		policy := h.Get("Content-Security-Policy")
		for _, directive := range []string{"default-src 'none'; ", "script-src 'self'; ", "style-src 'self'; ", "frame-ancestors 'none'", "base-uri 'none'"} {
			require.Contains(t, policy, directive, f.Name)
		}
		require.NotContains(t, policy, "unsafe")
	}
}

// Browsers apply form-action to every redirect that follows a form, so a page whose form
// leads to an app cannot have the directive. Every other page has it.
func TestFormActionIsOnEveryPageThatDoesNotLeadToAnApp(t *testing.T) {
	renderer := newRenderer(t, templates.Site{})
	leaving := 0
	for _, f := range fixtures.All() {
		policy := render(t, renderer, f).Header().Get("Content-Security-Policy")
		switch page := f.Page.(type) {
		case templates.ConsentPage, templates.FormPostPage:
			leaving++
			require.NotContains(t, policy, "form-action", f.Name)
		case templates.LogoutPage:
			require.Equal(t, page.Action == "", strings.Contains(policy, "form-action 'self'"), f.Name)
		case templates.LoginPage:
			require.Equal(t, page.RedirectTo == "", strings.Contains(policy, "form-action 'self'"), f.Name)
		default:
			require.Contains(t, policy, "form-action 'self'", f.Name)
		}
	}
	require.Greater(t, leaving, 5)
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
	}
}
