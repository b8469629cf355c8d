// Package testkit starts a whole gateway for a test, on a real port over a real
// database, and gives the test a browser to drive it with.
//
//	testkit.Each(t, func(t, g)) ── SQLite, PostgreSQL ──▶ g.App(…), g.Browser(…).Authorize(…), g.Token(…)
//
// What a test sends and gets is plain net/http: the kit helps with what every
// test needs and hides nothing that one of them judges.
package testkit
