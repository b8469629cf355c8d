// Package testkit starts a complete gateway for a test, on a real port with a real
// database, and gives the test a browser for it.
//
//	testkit.Each(t, func(t, g)) ── SQLite, PostgreSQL ──▶ g.App(…), g.SignedIn(…).Authorize(…), g.Token(…)
//
// Requests and responses are those of net/http. The kit does what every test needs,
// and hides nothing that a test checks.
package testkit
