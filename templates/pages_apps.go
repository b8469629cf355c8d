package templates

import "gatehouse"

// AppListPage lists the apps that a person may manage. It searches by
// GET /integrations/oauth2-apps?search=…&page=…
type AppListPage struct {
	Items   []AppItem
	Search  string // what was searched for, or ""
	Page    int    // from 1
	HasMore bool   // there is a next page
	// ShowsAll: the list has everybody's apps, not just the person's own.
	ShowsAll bool
}

// AppItem is one app of the list.
type AppItem struct {
	App   gatehouse.App
	Usage gatehouse.AppUsage
	// Creator is the username of who registered it; "" when it registered itself
	// or the person is gone.
	Creator string
}

// AppForm is what the form of an app holds, as it was typed.
type AppForm struct {
	IsTrusted    bool
	IsPublic     bool
	Name         string
	Description  string
	Homepage     string
	IconURL      string
	CallbackURLs string // one a line
}

// AppFormPage adds an app (ID is empty) or edits one. It posts to
// /integrations/oauth2-apps/add or /{id}/edit the fields of C 4.3:
// is_trusted and is_public ("true" or "false"), name, description, homepage,
// icon_url, callback_urls (one a line), and confirm_callbacks=true when the
// person was asked with ConfirmCallbacks.
type AppFormPage struct {
	ID   string // of the app that is edited; "" when adding
	Form AppForm
	// CanSetTrusted shows is_trusted: System Admins only. For anybody else the
	// field is not sent, and the flag must be left as it was.
	CanSetTrusted bool
	// IsDynamicallyRegistered: description and homepage may be empty.
	IsDynamicallyRegistered bool
	// People is how many have authorised the app; shown when editing.
	Users int64
	// Errors are sentences by the name of the field; "" is the whole form's.
	Errors map[string]string
	// ConfirmCallbacks asks before the list of callback URLs changes (C 4.3).
	ConfirmCallbacks bool
	// Fields are hidden and come back as they are.
	Fields []Field
}

// AppCreatedPage shows an app that was just registered, or one that has just got
// a new secret: the one time that the secret can be read.
type AppCreatedPage struct {
	App    gatehouse.App
	Secret string // "" for public apps
	// Regenerated: the app is an old one and has a new secret.
	Regenerated bool
	// Endpoints are the addresses that a client has to be told.
	Endpoints []NamedURL
	Snippets  []Snippet
}

// AppPage shows an app to who may manage it, with links to /edit, /regenerate
// and /delete below its own path.
type AppPage struct {
	App   gatehouse.App
	Usage gatehouse.AppUsage
	// Creator is the username of who registered it; "" when it registered itself
	// or the person is gone.
	Creator string
	// AccessTokenLifetime and RefreshTokenLifetime are in words (Lifetime);
	// RefreshTokenLifetime is "" for apps that get no refresh token.
	AccessTokenLifetime, RefreshTokenLifetime string
	Endpoints                                 []NamedURL
	// Snippets have a placeholder where the secret goes; it is not known any more.
	Snippets []Snippet
}

// ConfirmKind is what a ConfirmPage asks about.
type ConfirmKind string

// The questions of ConfirmPage. Name is the app's name or the username.
const (
	ConfirmDeleteApp        ConfirmKind = "delete-app"
	ConfirmRegenerateSecret ConfirmKind = "regenerate-secret"
	ConfirmRevokeApp        ConfirmKind = "revoke-app" // a person takes back their own consent
	ConfirmDeactivateUser   ConfirmKind = "deactivate-user"
	ConfirmPromoteUser      ConfirmKind = "promote-user"
	ConfirmDemoteUser       ConfirmKind = "demote-user"
)

// ConfirmPage asks before something that cannot be taken back, or not easily,
// and says what will break and for how many people. It posts to Action the
// Fields, if there are any.
type ConfirmPage struct {
	Kind ConfirmKind
	Name string
	// People is how many have authorised the app.
	Users int64
	// IsTrusted: the app that is revoked asks nobody when it comes back.
	IsTrusted bool
	Action    string // a path on this server, with its base path
	Fields    []Field
	// CancelURL leads back.
	CancelURL string
}

// section is the entry of the menu that the question belongs to.
func (p ConfirmPage) section() string {
	switch p.Kind {
	case ConfirmDeleteApp, ConfirmRegenerateSecret:
		return "integrations"
	case ConfirmRevokeApp:
		return "security"
	}
	return "console"
}

func (AppListPage) template() string    { return "app_list" }
func (AppFormPage) template() string    { return "app_form" }
func (AppCreatedPage) template() string { return "app_created" }
func (AppPage) template() string        { return "app" }
func (ConfirmPage) template() string    { return "confirm" }
