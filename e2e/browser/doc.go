// Package browser holds the tests that use Gatehouse in a real browser, Chromium:
// every page, every state of it, with and without JavaScript.
//
//	go test ──▶ gatehouse serve (the real binary, SQLite) ◀── Chromium, by package drive
//	   │                                                        │
//	   ├─▶ an app, and another host of the app ◀────────────────┤  whole flows: sign in, consent, callback,
//	   │                                                        │  apps, security, console, sign out
//	   └─▶ every page of templates/fixtures ◀───────────────────┘  axe-core, contrast, 320 pixels, hostile text
//
// axe-core is pinned by package-lock.json and installed into the user's cache
// directory once. If Chromium or npm is missing, the tests fail and say what to
// install. No test is skipped.
//
// The tests use only the command line and the pages of the gateway.
package browser
