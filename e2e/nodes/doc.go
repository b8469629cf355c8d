// Package nodes holds the tests of several nodes over one PostgreSQL, in one
// process: nothing in a node's memory is something that another must know.
//
//	testkit.StartNodes ─▶ node 0, 1, 2: each its own store, caches and HTTP server
//	browser.At(node), node.Token ─▶ every step at another node
//
// The same is asked of real processes behind a real proxy in e2e/compose. The
// package knows only what the kit gives; it has no code of its own.
package nodes
