package templates

import (
	"slices"

	"gatehouse"
)

// AppListPage lists the apps that a user can manage. It searches by
// GET /integrations/oauth2-apps?search=…&page=…
type AppListPage struct {
	Items   []AppItem
	Search  string // the search term, or ""
	Page    int    // from 1
	HasMore bool   // there is a next page
	// ShowsAll reports that the list has the apps of all users, not only the user's own.
	ShowsAll bool
}

// AppItem is one app of the list.
type AppItem struct {
	App   gatehouse.App
	Usage gatehouse.AppUsage
	// Creator is the username of the creator. It is empty if the app registered
	// itself or if the creator does not exist any longer.
	Creator            string
	CreatorDeactivated bool
}

// AppForm has the values of the form of an app, as they were typed.
type AppForm struct {
	IsTrusted    bool
	IsPublic     bool
	Name         string
	Description  string
	Homepage     string
	IconURL      string
	CallbackURLs string // one per line
	// AccessTokenLifetime and RefreshTokenLifetime are durations such as "30m"; "" if the
	// settings apply.
	AccessTokenLifetime  string
	RefreshTokenLifetime string
	OpenID               AppOpenIDForm
	Access               AppAccessForm
}

// AppAccessForm has the values of the form of an app that say who can use the app.
type AppAccessForm struct {
	IsRestricted bool
	GroupIDs     []string
}

// Has reports whether a group is chosen.
func (f AppAccessForm) Has(groupID string) bool { return slices.Contains(f.GroupIDs, groupID) }

// AppOpenIDForm has the values of the form of an app for OpenID Connect.
type AppOpenIDForm struct {
	IDTokenAlgorithm       string // "" means the default
	PostLogoutRedirectURIs string // one per line
	BackchannelLogoutURI   string
}

// AppFormPage adds an app (ID is empty) or edits an app. It posts to
// /integrations/oauth2-apps/add or /{id}/edit the fields of C 4.3:
// is_trusted and is_public ("true" or "false"), name, description, homepage,
// icon_url, callback_urls (one per line), access_token_lifetime and
// refresh_token_lifetime, those of ShowOpenID (id_token_signed_response_alg and
// post_logout_redirect_uris, one per line, and backchannel_logout_uri), those of ShowAccess
// (access, "all" or "groups", and groups, once for each chosen group), and
// confirm_callbacks=true if the user answered the question of ConfirmCallbacks.
type AppFormPage struct {
	ID   string // of the edited app; "" for a new app
	Form AppForm
	// CanSetTrusted shows is_trusted and the lifetimes, which only System Admins can set.
	// Without it, the form does not send the fields, and the app keeps its values.
	CanSetTrusted bool
	// ShowOpenID shows the fields of OpenID Connect. Without them the app keeps its values.
	ShowOpenID bool
	// ShowAccess shows who can use the app, which only System Admins can set, and only for an
	// app that exists. Without the fields the app keeps its values.
	ShowAccess bool
	Groups     []gatehouse.Group // that can be chosen
	// IsDynamicallyRegistered reports that description and homepage may be empty.
	IsDynamicallyRegistered bool
	// Users is the number of users who have authorized the edited app.
	Users int64
	// Errors are sentences by the name of the field. The key "" is for the whole form.
	Errors map[string]string
	// ConfirmCallbacks asks for confirmation of changed callback URLs (C 4.3).
	ConfirmCallbacks bool
	// Fields are hidden fields that the form sends back unchanged.
	Fields []Field
}

// AppCreatedPage shows a new app or an app with a new secret. It is the only page
// that shows the secret.
type AppCreatedPage struct {
	App    gatehouse.App
	Secret string // "" for public apps
	// Regenerated reports that the app existed before and has a new secret.
	Regenerated bool
	// Endpoints are the URLs that the configuration of a client needs.
	Endpoints []NamedURL
	Snippets  []Snippet
}

// IDTokenAlgorithms are the choices of id_token_signed_response_alg, the default first.
func (AppFormPage) IDTokenAlgorithms() []string { return gatehouse.SigningAlgorithms() }

// IDTokenAlgorithm is the choice that is selected.
func (p AppFormPage) IDTokenAlgorithm() string {
	return idTokenAlgorithm(p.Form.OpenID.IDTokenAlgorithm)
}

// IDTokenAlgorithm is the algorithm of the app's ID tokens.
func (p AppPage) IDTokenAlgorithm() string { return idTokenAlgorithm(p.App.OpenID.IDTokenAlgorithm) }

func idTokenAlgorithm(algorithm string) string {
	if algorithm == "" {
		return gatehouse.SigningAlgorithms()[0]
	}
	return algorithm
}

// AppPage shows an app to a user who can manage it. It links to /edit, /regenerate
// and /delete below its own path.
type AppPage struct {
	App   gatehouse.App
	Usage gatehouse.AppUsage
	// Creator is the username of the creator. It is empty if the app registered
	// itself or if the creator does not exist any longer.
	Creator            string
	CreatorDeactivated bool
	// AccessTokenLifetime and RefreshTokenLifetime are in words (Lifetime).
	// RefreshTokenLifetime is empty for apps that get no refresh token.
	AccessTokenLifetime, RefreshTokenLifetime string
	ShowOpenID                                bool // OpenID Connect is on
	// Groups may use a restricted app.
	Groups    []gatehouse.Group
	Endpoints []NamedURL
	// Snippets have a placeholder for the secret, which is stored only as a hash.
	Snippets []Snippet
}

// ConfirmKind is the question of a ConfirmPage.
type ConfirmKind string

// The kinds of ConfirmPage. Its Name is the name of an app or a group, or of a user.
const (
	ConfirmDeleteApp        ConfirmKind = "delete-app"
	ConfirmRegenerateSecret ConfirmKind = "regenerate-secret"
	ConfirmRevokeApp        ConfirmKind = "revoke-app" // a user revokes their own consent
	ConfirmDeactivateUser   ConfirmKind = "deactivate-user"
	ConfirmPromoteUser      ConfirmKind = "promote-user"
	ConfirmDemoteUser       ConfirmKind = "demote-user"
	ConfirmDeleteGroup      ConfirmKind = "delete-group"
	ConfirmRemoveMember     ConfirmKind = "remove-member"
)

// ConfirmPage asks for confirmation of an action that is hard or impossible to undo.
// It says what stops working and for how many users. It posts the Fields to Action.
type ConfirmPage struct {
	Kind ConfirmKind
	Name string
	// Users is the number of users who have authorized the app, or are in the group.
	Users int64
	Apps  int64  // the number of restricted apps that the group may use
	Group string // the name of the group that a member is removed from
	// IsTrusted reports that the revoked app gets access again without consent.
	IsTrusted bool
	Action    string // a path on this server, with its base path
	Fields    []Field
	// CancelURL is the link of Cancel.
	CancelURL string
}

// section returns the entry of the menu that the question belongs to.
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
