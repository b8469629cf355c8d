// Package storage keeps the state of Gatehouse in SQLite or PostgreSQL, with the
// same schema, statements and behavior on both.
//
//	Store method ──▶ row (times as numbers, lists as text) ──▶ GORM ──┬─▶ SQLite: one connection that writes, many that read
//	      │                                                           └─▶ PostgreSQL: one pool, row locks between nodes
//	      └──◀ errors.go: every error is one of package gatehouse's, or names the operation that failed
//
// Revoked access is deleted. Consents refer to users and apps, grants refer to
// consents, and the database deletes the rows that refer to a deleted row. So no code
// has to search for remaining tokens, and no cached copy can keep revoked access
// valid: only apps and settings are cached, for at most one second.
//
// A code names the id of its consent and is useless without it. Where all codes of a
// user must end but the consents stay (the user was deactivated, the password was
// changed), the consents get new ids.
//
// Backup and Restore copy a SQLite database, and Move copies a database to another
// one of either engine. adapt, in pooler.go, detects a pooler in front of PostgreSQL;
// nothing relies on a session of the server. connectionWatch removes broken
// connections, and those to a server that has become a standby, from the pool.
//
// Only a user who may use an app has a consent to it: groups_access.go says how that stays
// true.
//
// Every transaction that locks more than one row does so in the same order: groups, users,
// apps, consents, grants. Rate limits have transactions of their own.
//
// The statements of the hot path (sessions and grants) are written by hand; the
// others are plain GORM. The package knows neither HTTP nor fosite, stores no usable
// secret, and does not read the environment.
package storage
