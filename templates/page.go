package templates

import "gatehouse"

// Page is a page that Render can render. Every exported struct of this package
// whose name ends in Page implements it.
type Page interface {
	// template returns the name of the page's file in html/, without its suffix.
	template() string
}

// Frame is the part of the layout that does not depend on the page.
type Frame struct {
	// User is the signed-in user. If it is nil, the page has no menu.
	User *gatehouse.User
	// ShowIntegrations and ShowConsole add their entries to the menu.
	ShowIntegrations, ShowConsole bool
	// Notice is a sentence at the top of the page: "The application was deleted."
	Notice string
	// Problem is a sentence at the top of the page that says why its form was not carried
	// out; ProblemRequestID is the request of the log, or "".
	Problem, ProblemRequestID string
}

// FrameFor returns the frame of a page for a signed-in user. It is the only place
// that decides which entries the menu has: the apps if the provider is on and the
// user holds manage_oauth (C 4.1), and the console if the user holds manage_system
// (C 2.10). Hiding an entry is not access control; each page checks permissions
// itself.
func FrameFor(user gatehouse.User, settings gatehouse.Settings) Frame {
	return Frame{
		User:             &user,
		ShowIntegrations: settings.EnableOAuthServiceProvider && user.Can(gatehouse.PermissionManageOAuth, settings),
		ShowConsole:      user.Can(gatehouse.PermissionManageSystem, settings),
	}
}

// Field is a hidden field of a form.
type Field struct{ Name, Value string }

// ScopeText is a scope in words.
type ScopeText struct {
	Name string // "user"
	Text string // the sentence of DescribeScope
	New  bool   // the user has not allowed this scope before
}

// NamedURL is a URL with a label, to copy.
type NamedURL struct{ Name, URL string }

// Snippet is an example of the configuration of one client library.
type Snippet struct {
	Title string // "golang.org/x/oauth2"
	Note  string // a sentence above the code that says where it belongs; may be empty
	Code  string
}

// allPages returns every page, so that New fails if the template of one is missing.
func allPages() []Page {
	return []Page{
		LoginPage{}, SetUpPage{}, SignedOutPage{}, LogoutPage{}, HomePage{}, ErrorPage{},
		ConsentPage{}, FormPostPage{}, OpenAppPage{},
		AppListPage{}, AppFormPage{}, AppCreatedPage{}, AppPage{}, ConfirmPage{},
		SecurityPage{},
		ConsolePage{}, UsersPage{}, UserFormPage{}, UserPage{}, GroupsPage{}, GroupFormPage{}, GroupPage{}, KeysPage{}, AuditPage{},
	}
}

// sectionOf returns the entry of the menu that a page belongs to.
func sectionOf(p Page) string {
	switch p := p.(type) {
	case HomePage:
		return "home"
	case AppListPage, AppFormPage, AppCreatedPage, AppPage:
		return "integrations"
	case SecurityPage:
		return "security"
	case ConsolePage, UsersPage, UserFormPage, UserPage, GroupsPage, GroupFormPage, GroupPage, KeysPage, AuditPage:
		return "console"
	case ConfirmPage:
		return p.section()
	}
	return ""
}
