// Package e2e holds the tests that drive the real binary as a process, from
// outside: its exit status, its output, its log, its listeners, and signals.
//
//	TestMain builds cmd/gatehouse once; stepped_test.go once more, with a clock that can be set
//	start(t, env, "serve") ─▶ process: url, log, stop, kill
//	newBrowser ─▶ signs in and consents by the forms of the pages, with a cookie jar
//	golang.org/x/oauth2 ─▶ the app
//	testdata/*.txtar ─▶ the sub-commands (testscript)
//
// The tests know nothing of the code that they test, but where databases come
// from (test/testdb). The package has no code of its own.
package e2e
