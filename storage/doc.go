// Package storage keeps the state of the gateway in SQLite or PostgreSQL, with
// the same schema, statements and behaviour on both.
//
//	Store method ──▶ rows.go (root type ⇄ row) ──▶ GORM ──┬─▶ SQLite: one writer connection, many readers
//	      │                                               └─▶ PostgreSQL: one pool, row locks where two nodes meet
//	      └──◀ errors.go: every error leaves as one of package gatehouse's, or says which operation failed
//
// What is revoked is deleted: consents hang on users and apps, grants hang on
// consents, and the database takes what hangs on a deleted row along. So
// nothing here has to remember to look for leftovers, and no cache could let
// something revoked live on: only apps and settings are cached, for at most a
// second.
//
// Codes die with the id of the consent that they name. Where all codes of a
// person must die but not what they agreed to (they were deactivated, their
// password was changed), the consents get new ids.
//
// Whole databases are copied by Backup and Restore (SQLite) and by Move (either
// engine to either). A pooler in front of PostgreSQL is found out by adapt, in
// pooler.go, and nothing relies on a session of the server. connectionWatch keeps
// connections out of the pool that are dead, or lead to what is a standby by now.
//
// Transactions that lock more than one row do so in one order, whatever they are
// for: users, apps, consents, grants. Budgets are taken from in transactions of their
// own.
//
// The statements of the hot path (sessions and grants) are written by hand; the
// rest is plain GORM. The package knows no HTTP, no fosite and no secret in the
// clear, and reads no environment.
package storage
