// Package architecture holds the test of the import rules, so that `go test`
// alone catches a breach:
//
//	cmd ─▶ server ─▶ {provider, consent, registration, account, console} ─▶ gatehouse
//	storage ─▶ gatehouse        templates ─▶ gatehouse        examples ─▶ nothing of ours
//
// The linter (.golangci.yml, depguard) says the same while one types. The
// package has no code of its own.
package architecture
