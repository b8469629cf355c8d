package consent

import (
	"net"
	"net/http"
	"net/url"
	"slices"

	"golang.org/x/net/idna"

	"gatehouse"
	"gatehouse/templates"
)

// Ask shows the consent page. It says who is signed in, which host receives the
// authorization response, what the app can do, and for how long.
func (h *Handler) Ask(w http.ResponseWriter, r *http.Request, c Request, d Decision) error {
	settings, err := h.store.Settings(r.Context())
	if err != nil {
		return err
	}
	page := templates.ConsentPage{
		App:       c.App,
		User:      c.Caller.User,
		CSRFToken: c.Caller.CSRFToken,
		Action:    c.Action,
		Scopes:    scopeTexts(c.Scopes, d.Remembered),
		Lifetime:  lifetime(c, settings),
		Implicit:  c.Implicit,
		LoginURL:  h.basePath + "/login?" + url.Values{"redirect_to": {c.Action}, "prompt": {"select_account"}}.Encode(),
	}
	page.ReceivingHost, page.IsLoopback, page.PrivateScheme = receiver(c.RedirectURI)
	page.Resource, page.ResourceIsNew = resourceName(c.Resource), d.NewResource
	frame := templates.FrameFor(c.Caller.User, settings)
	frame.Problem, frame.ProblemRequestID = c.Sent.Message, c.Sent.RequestID
	return h.renderer.Render(w, c.Sent.StatusCode(), frame, page)
}

// resourceName returns the host of a resource, or the resource itself if it has no host, such as a URN.
func resourceName(resource string) string {
	u, err := url.Parse(resource)
	if err != nil || u.Hostname() == "" {
		return resource
	}
	return asciiHost(u)
}

// asciiHost returns the host and port of a URL, with the host in its ASCII form.
func asciiHost(u *url.URL) string {
	host := u.Hostname()
	if ascii, err := idna.Punycode.ToASCII(host); err == nil {
		host = ascii
	}
	if u.Port() != "" {
		host = net.JoinHostPort(host, u.Port())
	}
	return host
}

// receiver returns who receives the authorization response: the host, in its ASCII
// form, so that look-alike letters are visible; whether it is this computer; or the
// private-use scheme.
func receiver(redirectURI string) (host string, loopback bool, scheme string) {
	u, err := url.Parse(redirectURI)
	if err != nil {
		return "", false, ""
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return "", false, u.Scheme
	}
	return asciiHost(u), gatehouse.IsLoopbackRedirectURI(redirectURI), ""
}

// scopeTexts describes the scopes and marks the new ones. Every token shows the app
// who the user is, so the list says that too, unless the default scope does.
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

// lifetime says how long the app keeps its access. Public apps and the implicit grant
// get no refresh token.
func lifetime(c Request, settings gatehouse.Settings) string {
	if c.App.IsPublic || c.Implicit {
		return templates.ConsentLifetime(settings.AccessTokenLifetimeFor(c.App, c.Implicit), false)
	}
	return templates.ConsentLifetime(settings.RefreshTokenLifetimeFor(c.App), true)
}
