// Package nodes holds the tests of several nodes on one PostgreSQL database. They
// show that no node needs to know what is in the memory of another.
//
//	testkit.StartNodes ─▶ node 0, 1, 2: each its own store, caches and HTTP server
//	browser.At(node), node.Token ─▶ every step at another node
//
// The nodes run in one process. e2e/compose tests the same with real processes
// behind a proxy. The tests use only test/testkit. The package has no code other
// than tests.
package nodes
