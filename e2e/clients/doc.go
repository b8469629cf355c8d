// Package clients runs OAuth clients of other vendors, unmodified, against the real
// binary of the gateway.
//
//	go test ──▶ gatehouse serve (SQLite · PostgreSQL below a path · registration off)
//	   │                 ▲   ▲
//	   ├─▶ user agent ───┘   │  given an authorization URL, it signs Bob in, presses "Allow"
//	   │        ▲            │  and answers with the URL that the gateway sends him to
//	   └─▶ node/authjs/client.mjs, python/authlib/client.py, mcp-go/main.go …
//
// Each client has a folder with a program that uses it as its documentation shows, in
// about as many lines as an app needs. The program reads its configuration from
// environment variables (see environment in clients_test.go) and exits with an error
// if a result is wrong. The versions are pinned in node/package-lock.json,
// python/requirements.txt and mcp-go/go.mod. mcp-go is a separate module, so that the
// gateway does not depend on the SDK.
//
// Some clients have a second program, openid, for OpenID Connect. One client, a
// single-page app, runs in Chromium (spa_test.go).
//
// The packages are installed into the user's cache directory once. If that fails, the
// test fails and says what to do.
//
// docs/connect-your-client.md shows parts of the programs. A test compares the two.
//
// The tests use only the command line, the pages and the endpoints of the gateway.
package clients
