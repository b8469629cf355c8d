// Package console serves the System Admin's pages: settings, users and the audit trail.
//
//	/console ─────────▶ SettingsEditor: check every value → save those that changed → audit
//	/console/users ───▶ Users (package account): create, password, activate, role → audit
//	/console/audit ───▶ the audit trail, newest first, with names for its ids
//
// Every page needs the permission manage_system (C 2.10). It is checked for each
// request, so that a user who loses the role loses the console at once. System Admins
// can't deactivate or demote themselves. The storage keeps the last active System
// Admin, because two of them may act at the same time.
//
// Package account and the storage know which sessions and tokens a change ends.
package console
