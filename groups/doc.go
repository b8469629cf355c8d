// Package groups manages the groups of users, and which apps are open to them only.
//
//	console pages ─┐
//	               ├──▶ Service ── rules ──▶ one write ──▶ audit event
//	command line ──┘                            │
//	                                            └─▶ the storage ends what apps got from users who lose access
//
// The package does not decide whether a user may use an app: the storage does, in the
// transaction that stores a consent (storage/groups_access.go), and package provider shows
// the refusal. The claim groups is in package openid.
//
// The package knows neither OAuth nor how users sign in.
package groups
