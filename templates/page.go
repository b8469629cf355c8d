package templates

import "gatehouse"

// Page is a page that Render knows. Every exported struct of this package whose
// name ends in Page is one.
type Page interface {
	// template is the name of the page's file in html/, without its suffix.
	template() string
}

// Frame is what surrounds a page.
type Frame struct {
	// User is who is signed in; nil shows no menu.
	User *gatehouse.User
	// ShowIntegrations and ShowConsole say which entries the menu has.
	ShowIntegrations, ShowConsole bool
	// Notice is a sentence shown once at the top, "The app was deleted."
	Notice string
	// FormTargets are the origins beside our own that a form of the page leads
	// to, also by a redirect: "https://app.example.com", "com.example.app:"
	// (gatehouse.RedirectOrigin). What has no place in a
	// Content-Security-Policy is dropped.
	FormTargets []string
}

// Field is a hidden field of a form.
type Field struct{ Name, Value string }

// ScopeText is a scope in words.
type ScopeText struct {
	Name string // "user"
	Text string // "Act as you: read and change everything that you can."
	New  bool   // not yet agreed to, while others of the request were
}

// NamedURL is an address to copy.
type NamedURL struct{ Name, URL string }

// Snippet is ready-made configuration for one kind of client.
type Snippet struct {
	Title string // "golang.org/x/oauth2"
	Note  string // a sentence above the code: where it goes; may be empty
	Code  string
}

// allPages lists every page, so that New fails at start if one lacks its template.
func allPages() []Page {
	return []Page{
		LoginPage{}, SetUpPage{}, SignedOutPage{}, LogoutPage{}, HomePage{}, ErrorPage{},
		ConsentPage{}, FormPostPage{},
		AppListPage{}, AppFormPage{}, AppCreatedPage{}, AppPage{}, ConfirmPage{},
		SecurityPage{},
		ConsolePage{}, UsersPage{}, UserFormPage{}, UserPage{}, AuditPage{},
	}
}

// sectionOf says which entry of the menu a page belongs to.
func sectionOf(p Page) string {
	switch p := p.(type) {
	case HomePage:
		return "home"
	case AppListPage, AppFormPage, AppCreatedPage, AppPage:
		return "integrations"
	case SecurityPage:
		return "security"
	case ConsolePage, UsersPage, UserFormPage, UserPage, AuditPage:
		return "console"
	case ConfirmPage:
		return p.section()
	}
	return ""
}
