// Package attacks attacks a complete gateway. Each test is one family of attacks. It
// is written against the protocol, not against the code.
//
//	attacker ──▶ testkit.Gateway (SQLite, PostgreSQL) ──▶ refused, and nothing leaked
//
// Attacks that concern only one package are in the tests of that package.
// docs/attacks.md lists published weaknesses and the tests for them. The tests send
// HTTP requests, and read the store only to see that an attack left nothing there.
package attacks
