package templates

import "gatehouse"

// SecurityPage is Settings > Security: the apps that a person authorised, where
// they are signed in, and their password. It links to
// /settings/security/apps/{id}/revoke and posts to
// /settings/security/sessions/{id}/sign-out (no fields),
// /settings/security/sign-out-elsewhere (no fields) and
// /settings/security/password (current_password, new_password; username is there for password managers only).
// The form of the password is at the end of the page: it posts to #problems, so
// that the browser shows what is wrong with it, also without JavaScript.
type SecurityPage struct {
	// ProviderEnabled shows the apps (C 4.1).
	ProviderEnabled bool
	Apps            []AuthorizedApp
	Page            int  // of the apps, from 1
	HasMore         bool // there are more apps: ?page=
	Sessions        []SessionItem
	// PasswordErrors are sentences by the name of the field.
	PasswordErrors map[string]string
}

// AuthorizedApp is an app that the person authorised.
type AuthorizedApp struct {
	App     gatehouse.App
	Consent gatehouse.Consent
	Scopes  []ScopeText // of the consent
}

// SessionItem is a place where the person is signed in.
type SessionItem struct {
	Session gatehouse.Session
	Current bool // the session of this very request
}

func (SecurityPage) template() string { return "security" }
