package consent

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"gatehouse"
	"gatehouse/templates"
)

// Ask shows the consent page, which tells the truth about the request: who is
// signed in, who will receive the answer, what it may do and for how long.
func (d *Handler) Ask(w http.ResponseWriter, r *http.Request, c gatehouse.ConsentRequest, decision gatehouse.ConsentDecision) error {
	settings, err := d.store.Settings(r.Context())
	if err != nil {
		return err
	}
	page := templates.ConsentPage{
		App:       c.App,
		User:      c.Caller.User,
		CSRFToken: c.Caller.CSRFToken,
		Action:    c.Action,
		Scopes:    scopeTexts(c.Scopes, decision.Remembered),
		Lifetime:  lifetime(c, settings),
		Implicit:  c.Implicit,
		LoginURL:  d.basePath + "/login?" + url.Values{"redirect_to": {c.Action}, "prompt": {"select_account"}}.Encode(),
	}
	page.ReceivingHost, page.IsLoopback, page.PrivateScheme = receiver(c.RedirectURI)
	frame := templates.FrameFor(c.Caller.User, settings)
	frame.FormTargets = []string{gatehouse.RedirectOrigin(c.RedirectURI)}
	return d.renderer.Render(w, http.StatusOK, frame, page)
}

// receiver says who gets the answer: a host in its ASCII form, so that look-alike
// letters show, or a program on this computer, or the owner of a private-use scheme.
func receiver(redirectURI string) (host string, loopback bool, scheme string) {
	u, err := url.Parse(redirectURI)
	if err != nil {
		return "", false, ""
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return "", false, u.Scheme
	}
	host = u.Hostname()
	if ascii, err := idna.Punycode.ToASCII(host); err == nil {
		host = ascii
	}
	if u.Port() != "" {
		host = net.JoinHostPort(host, u.Port())
	}
	return host, gatehouse.IsLoopbackRedirectURI(redirectURI), ""
}

// scopeTexts puts scopes into words, and marks those that are new. Whatever an
// app asks for, its token tells it who the person is; that is said too.
func scopeTexts(scopes []string, remembered gatehouse.Consent) []templates.ScopeText {
	var texts []templates.ScopeText
	if !slices.Contains(scopes, gatehouse.DefaultScope) {
		texts = append(texts, templates.ScopeText{Text: "See who you are: your username, email address, names and roles.", New: remembered.ID == ""})
	}
	for _, s := range scopes {
		texts = append(texts, templates.ScopeText{Name: s, Text: templates.DescribeScope(s), New: !slices.Contains(remembered.Scopes, s)})
	}
	return texts
}

func lifetime(c gatehouse.ConsentRequest, settings gatehouse.Settings) string {
	if c.App.IsPublic || c.Implicit {
		return "For " + templates.Lifetime(settings.AccessTokenLifetimeFor(c.App, c.Implicit)) + " at a time, or until you revoke it."
	}
	return "Until you revoke it, or the app has not been used for " + templates.Lifetime(settings.RefreshTokenLifetimeFor(c.App)) + "."
}

func scopeList(scopes []string) string { return strings.Join(scopes, ", ") }
