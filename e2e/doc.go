// Package e2e has the tests that run the real binary as a process. They check its exit
// status, its output, its log, its listeners and its signals.
//
//	TestMain ─▶ builds cmd/gatehouse once; stepped_test.go builds it with a clock that can be set
//	serve, launch, run ─▶ a process: url, log, stop, kill
//	newBrowser ─▶ signs in and consents with the forms of the pages, and keeps cookies
//	golang.org/x/oauth2 ─▶ the app
//	testdata/*.txtar ─▶ the commands (testscript)
//
// The tests use none of the code that they test, except to create and read databases
// (test/testdb, storage). The package contains only tests.
package e2e
