// Package testdb gives tests an empty database of each engine that Gatehouse
// supports. A test that asks for PostgreSQL gets PostgreSQL: if PostgreSQL is not
// installed, the test fails and says how to install it, because an engine that is
// skipped is not tested. The one exception is `make check` (see EnginesVariable).
//
//	SQLite(t) ──▶ a file in t.TempDir()
//	Postgres(t) ─▶ CREATE DATABASE on ──┬─▶ the server in GATEHOUSE_TEST_POSTGRES_URL (make test starts one for all packages)
//	                                    └─▶ a private server of this test process, started by the first call
//
// StartPooler starts a pgbouncer in front of the server, for tests of URLs that
// lead through a pooler.
//
// A private server keeps its data in a temporary directory, listens only on a Unix
// socket in that directory, and stops when the process that started it ends, even
// if that process was killed. PostgreSQL refuses to run as root, so if the tests
// run as root the server runs as an unprivileged user.
//
// The package knows no schema and does not import package storage.
package testdb
