package templates

import (
	"html/template"
	"strings"

	"gatehouse"
)

// ConsentPage asks a user to allow or deny an app. It shows either facts that the
// gateway knows, such as the host that receives the response, or claims of the app
// that are marked as such. It posts to Action: csrf_token, decision=allow or
// decision=deny.
type ConsentPage struct {
	App       gatehouse.App
	User      gatehouse.User // the signed-in user
	CSRFToken string
	// Action is the URL that the form posts to: the authorization request itself.
	Action string
	// ReceivingHost is the host that receives the response, in ASCII form, with its
	// port unless it is the default port.
	ReceivingHost string
	// IsLoopback reports that a program on this computer receives the response.
	IsLoopback bool
	// PrivateScheme is the scheme, "com.example.app", if an app on this device
	// receives the response instead of a host.
	PrivateScheme string
	// Scopes are the scopes that the app asks for, in words.
	Scopes []ScopeText
	// Resource names the service that the app asks for access to: the host of the
	// resource in ASCII form, or a URN (RFC 8707); "" if the app asks for none.
	Resource string
	// ResourceIsNew reports that the user has not allowed the app this resource before.
	ResourceIsNew bool
	// Lifetime is the sentence of ConsentLifetime.
	Lifetime string
	// Implicit reports that the token itself passes through the browser (RFC 6749 §1.3.2).
	Implicit bool
	// LoginURL is the target of "Not you?": it asks for another user and returns.
	LoginURL string
}

// manyScopes is how many scopes the page shows without scrolling.
const manyScopes = 8

// HasManyScopes reports whether the list of scopes scrolls, so that the buttons stay
// in reach.
func (p ConsentPage) HasManyScopes() bool { return len(p.Scopes) > manyScopes }

// IsUpdate reports whether the user has allowed some of the scopes or the resource
// before, but not all.
func (p ConsentPage) IsUpdate() bool {
	fresh, allowed := p.ResourceIsNew, false
	for _, s := range p.Scopes {
		fresh, allowed = fresh || s.New, allowed || !s.New
	}
	return fresh && allowed
}

// FormPostPage sends an authorization response to the app in a form
// (response_mode=form_post). A script submits the form at once. Without JavaScript
// the user presses its button.
type FormPostPage struct {
	Action string // the redirect URI, checked
	Fields []Field
}

// OpenAppPage sends the browser on to an app on the device, at a redirect URI with a
// private-use scheme. The browser opens the app and stays on the page.
type OpenAppPage struct {
	AppName     string
	RedirectURI string // the registered one, checked
	URL         string // the redirect URI with the parameters of the response
	Denied      bool   // the response is an error
}

// Link returns URL for links and for the refresh of the page; "" if the scheme is not
// that of an acceptable redirect URI. html/template accepts only the schemes of the web.
func (p OpenAppPage) Link() template.URL {
	scheme, _, ok := strings.Cut(p.RedirectURI, ":")
	if !ok || gatehouse.CheckRequestedRedirectURI(p.RedirectURI, true) != nil || !strings.HasPrefix(p.URL, scheme+":") {
		return ""
	}
	return template.URL(p.URL) //nolint:gosec // checked above
}

func (OpenAppPage) template() string  { return "open_app" }
func (ConsentPage) template() string  { return "consent" }
func (FormPostPage) template() string { return "form_post" }
