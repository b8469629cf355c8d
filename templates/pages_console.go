package templates

import "gatehouse"

// ConsolePage holds the settings. It posts to /console: the key of each setting
// that is not fixed (gatehouse.SettingDefinitions), switches as "true" or
// "false", the allowlist with its patterns separated by commas (and line
// breaks, which people may also type instead: take them for commas), lifetimes
// as they are typed ("24h"); and for each key "was." and the key: the value that
// the page began with.
type ConsolePage struct {
	Settings gatehouse.Settings
	// Typed are the values that were typed and refused, by key.
	Typed map[string]string
	// Errors are sentences by key.
	Errors map[string]string
}

// UsersPage lists everybody. It links to /console/users/add and
// /console/users/{id}, and searches by GET /console/users?search=…&page=…
type UsersPage struct {
	Search  string // what was searched for, or ""
	Users   []gatehouse.User
	Page    int  // from 1
	HasMore bool // there is a next page
}

// UserFormPage creates a user. It posts to /console/users/add: username, email,
// password, is_admin ("true" or absent).
type UserFormPage struct {
	Username, Email string // what was typed, kept
	IsAdmin         bool
	// Errors are sentences by the name of the field; "" is the whole form's.
	Errors map[string]string
}

// UserPage shows one user to a System Admin. It posts a new password to
// /console/users/{id}/password (password; username is there for password managers
// only), and to /activate; it links to
// /deactivate, /promote and /demote, which ask first.
type UserPage struct {
	User gatehouse.User
	// IsSelf: the System Admin looks at themselves, whom they can neither
	// deactivate nor demote.
	IsSelf bool
	// Apps is how many apps the user has authorised.
	Apps int
	// Errors are sentences by the name of the field.
	Errors map[string]string
}

// AuditPage is the audit trail, newest first. It links to ?before={id}.
type AuditPage struct {
	Items []AuditItem
	// IsOlder: the page does not begin with the newest event.
	IsOlder bool
	// Before is the id of the last event shown if there are older ones, else "".
	Before string
}

// AuditItem is one event, with names for its ids where they are still known.
type AuditItem struct {
	Event  gatehouse.AuditEvent
	Actor  string // username
	Target string // username, name of the app, key of the setting
}

func (ConsolePage) template() string  { return "console" }
func (UsersPage) template() string    { return "users" }
func (UserFormPage) template() string { return "user_form" }
func (UserPage) template() string     { return "user" }
func (AuditPage) template() string    { return "audit" }
