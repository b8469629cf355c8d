// Package architecture holds tests of the repository as a whole:
//
//	imports_test.go, rules_test.go   imports follow the rules of depguard in .golangci.yml
//	engines_test.go                  make test runs on both engines
//	references_test.go               documents name tests, files and sections that exist
//	words_test.go                    comments and texts avoid certain words
//
// They need only Go, so that `make check` finds a breach. The package has no code
// other than tests.
package architecture
