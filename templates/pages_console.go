package templates

import (
	"slices"

	"gatehouse"
)

// ConsolePage shows the settings. It posts to /console the key of each setting that
// is not fixed (gatehouse.SettingDefinitions): "true" or "false", a list whose items
// are separated by commas or line breaks, or a duration as it was typed ("24h"). For
// each key it also posts "was." and the key: the value that the page showed first.
type ConsolePage struct {
	Settings gatehouse.Settings
	// Typed are the values that were typed and refused, by key.
	Typed map[string]string
	// Errors are sentences by key.
	Errors map[string]string
}

// UsersPage lists all users. It links to /console/users/add and
// /console/users/{id}, and searches by GET /console/users?search=…&page=…
type UsersPage struct {
	Search  string // the search term, or ""
	Users   []gatehouse.User
	Page    int  // from 1
	HasMore bool // there is a next page
}

// UserFormPage creates a user. It posts to /console/users/add: username, email,
// password, is_admin ("true" or absent).
type UserFormPage struct {
	Username, Email string // the values that were typed
	IsAdmin         bool
	// Errors are sentences by the name of the field. The key "" is for the whole form.
	Errors map[string]string
}

// UserPage shows one user to a System Admin. It posts a new password to
// /console/users/{id}/password (password; username is only for password managers),
// and posts to /activate. It links to /deactivate, /promote and /demote, which ask
// for confirmation.
type UserPage struct {
	User gatehouse.User
	// IsSelf reports that User is the signed-in System Admin, who cannot deactivate
	// or demote their own account.
	IsSelf bool
	// Apps is the number of apps that the user has authorized.
	Apps   int
	Groups []gatehouse.Group // of the user; at most 200
	// Errors are sentences by the name of the field.
	Errors map[string]string
}

// KeysPage shows the keys that sign ID tokens. It posts to /console/keys/rotate.
type KeysPage struct {
	Keys []gatehouse.PublishedSigningKey // those of an algorithm together
}

// UnusedAlgorithms returns the algorithms that have no keys.
func (p KeysPage) UnusedAlgorithms() []string {
	return slices.DeleteFunc(gatehouse.SigningAlgorithms(), func(algorithm string) bool {
		return slices.ContainsFunc(p.Keys, func(k gatehouse.PublishedSigningKey) bool { return k.Algorithm == algorithm })
	})
}

// AuditPage is the audit trail, newest first. It links to ?before={id}.
type AuditPage struct {
	Items []AuditItem
	// IsOlder reports that the page does not begin with the newest event.
	IsOlder bool
	// Before is the id of the last event on the page if there are older events, and
	// otherwise "".
	Before string
}

// AuditItem is an event, with names for its ids if they still exist.
type AuditItem struct {
	Event gatehouse.AuditEvent
	Actor string // a username, or ""
	// ByCommand reports that the event happened on the command line, and ByGateway that it
	// happened there or that no user caused it.
	ByCommand, ByGateway bool
	Target               string // a username, the name of an app or the key of a setting
}

func (ConsolePage) template() string  { return "console" }
func (UsersPage) template() string    { return "users" }
func (UserFormPage) template() string { return "user_form" }
func (UserPage) template() string     { return "user" }
func (KeysPage) template() string     { return "keys" }
func (AuditPage) template() string    { return "audit" }
