// Package attacks tries on a whole gateway what an attacker would. Each test is
// one family of attacks, written against the protocol and not against the code.
//
//	attacker ──▶ testkit.Gateway (SQLite, PostgreSQL) ──▶ refused, and nothing leaked
//
// Attacks that concern one package alone are among its own tests; docs/attacks.md
// says which test stands against which published weakness. The package knows
// nothing of the inside: it speaks HTTP, and looks into the store only to see
// that nothing was left there.
package attacks
