// Package testdb gives tests a fresh database of each engine that Gatehouse
// runs on. A test that asks for PostgreSQL gets PostgreSQL: where there is none
// it fails and says how to install it, because a skipped engine is an untested one.
//
//	SQLite(t) ──▶ a file in t.TempDir()
//	Postgres(t) ─▶ CREATE DATABASE on ──┬─▶ the server that GATEHOUSE_TEST_POSTGRES_URL names (make test starts one for all packages)
//	                                    └─▶ a private server of this test process, started when first asked for
//
// StartPooler puts a pgbouncer in front, for URLs that lead through it.
//
// A private server lives in a temporary directory, listens on a Unix socket in
// it only, and stops when the process that started it is gone, even if that was
// killed. It runs as an unprivileged user where the tests run as root, which
// PostgreSQL refuses to do.
//
// The package knows no schema and nothing of package storage.
package testdb
