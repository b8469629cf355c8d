// Package clients runs OAuth clients that other people wrote, unmodified,
// against the gateway's real binary.
//
//	go test ──▶ gatehouse serve (SQLite · PostgreSQL below a path · registration off)
//	   │                 ▲   ▲
//	   ├─▶ user agent ───┘   │  given an authorization URL, it signs Bob in, presses "Allow"
//	   │        ▲            │  and answers with the URL that the gateway sends him to
//	   └─▶ node/authjs/client.mjs, python/authlib/client.py, mcp-go/main.go …
//
// Each client has a folder with a program that uses it as its documentation
// says, in about as many lines as an app would need. A program learns from its
// environment what an app's configuration would tell it (see environment in
// clients_test.go), and fails with an exit status if something is not as it
// should be. Versions are pinned: in node/package-lock.json,
// python/requirements.txt and mcp-go/go.mod, which is a module of its own so
// that the gateway does not depend on what it is tested with.
//
// What the programs need is installed into the user's cache directory when it is
// not there yet. What cannot be installed fails the test and says what to do.
//
// docs/connect-your-client.md shows parts of the programs; a test keeps the two
// the same.
//
// The package knows nothing of how the gateway works inside: it has its command
// line, its pages and its endpoints.
package clients
