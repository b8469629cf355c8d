// Package console is the System Admin's place: what is on, who is here and what
// happened.
//
//	/console ─────────▶ Switches: check every value → save those that changed → audit
//	/console/users ───▶ People (package account): create, password, activate, role → audit
//	/console/audit ───▶ the audit trail, newest first, with names for its ids
//
// Every page needs manage_system (C 2.10), asked anew for each request, so that
// whoever loses the role loses the console at once. A System Admin can neither
// deactivate nor demote themselves; that the last active one stays is the
// storage's word, since two of them may act at the same time.
//
// The package knows nothing of passwords, sessions and tokens: what ends when
// somebody is deactivated is for account and the storage to know.
package console
