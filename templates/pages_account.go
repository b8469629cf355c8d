package templates

import "gatehouse"

// LoginPage asks for a username and a password. It posts to /login: login_id,
// password, redirect_to.
type LoginPage struct {
	LoginID    string // the value that the user typed
	RedirectTo string // a path on this server, or ""
	// Error is a sentence that says why the last attempt failed, or "".
	Error string
	// ReauthenticateAs is the username of the signed-in user if the user must enter
	// the password again (prompt=login, max_age, a dangerous action), and otherwise "".
	ReauthenticateAs string
}

// SetUpPage creates the first System Admin. It posts to /setup: token, username,
// email, password.
type SetUpPage struct {
	Token           string // of the set-up link
	Username, Email string // the values that the user typed
	Error           string // an error of the whole form, or ""
	// FieldErrors are sentences by the name of the field.
	FieldErrors map[string]string
}

// SignedOutPage says that the user is signed out.
type SignedOutPage struct{}

// LogoutPage asks the user to confirm signing out, because a link on another site
// can lead here. It posts to Action, without fields.
type LogoutPage struct {
	Action  string // a path below the base path, with a query; "" means /logout
	AppName string // the app that sent the user here; "" if there is none
}

// HomePage links to the other pages. The Frame decides which links it has.
type HomePage struct {
	// Apps is the number of apps that the user has authorized.
	Apps int
	// ProviderEnabled reports that the OAuth 2.0 service provider is on. If it is
	// off, the page says so, and a System Admin gets a link to turn it on.
	ProviderEnabled bool
}

// ErrorPage says what is wrong and what to change.
type ErrorPage struct {
	Status    int    // of HTTP
	Title     string // "This link isn't valid"; "" means the title for Status
	Message   string // sentences
	RequestID string // of the log; may be empty
	// App is the app whose request was refused; nil if it is not known.
	App *RefusedApp
	// BackURL is the link of the page; "" means the start page.
	BackURL   string
	BackLabel string // "" means "Go to the start page"
}

// RefusedApp is the app whose authorization request was refused, and what it sent.
type RefusedApp struct {
	Name string
	// IsSelfRegistered reports that the name is not verified.
	IsSelfRegistered bool
	// RedirectURI is the redirect URI that was sent, which may be any text; "" if none was
	// sent. It is shown and never a link.
	RedirectURI string
}

// SecurityPage is Settings > Security: the apps that a user authorized, the user's
// sessions and password. It links to /settings/security/apps/{id}/revoke and posts to
// /settings/security/sessions/{id}/sign-out (no fields),
// /settings/security/sign-out-elsewhere (no fields) and
// /settings/security/password (current_password, new_password; username is only for
// password managers).
// The form of the password is at the end of the page. It posts to #problems, so that
// the browser scrolls to the errors even without JavaScript.
type SecurityPage struct {
	// ProviderEnabled says whether apps get codes and tokens. The apps are listed in any
	// case, unlike in C 4.1.
	ProviderEnabled bool
	Apps            []AuthorizedApp
	Page            int  // of the apps, from 1
	HasMore         bool // there is another page of apps: ?page=
	Sessions        []SessionItem
	// PasswordErrors are sentences by the name of the field.
	PasswordErrors map[string]string
}

// AuthorizedApp is an app that the user authorized.
type AuthorizedApp struct {
	App     gatehouse.App
	Consent gatehouse.Consent
	Scopes  []ScopeText // of the consent
}

// SessionItem is a session of the user.
type SessionItem struct {
	Session gatehouse.Session
	Current bool // the session of this request
}

func (LoginPage) template() string     { return "login" }
func (SetUpPage) template() string     { return "setup" }
func (SignedOutPage) template() string { return "signed_out" }
func (LogoutPage) template() string    { return "logout" }
func (HomePage) template() string      { return "home" }
func (ErrorPage) template() string     { return "error" }
func (SecurityPage) template() string  { return "security" }
