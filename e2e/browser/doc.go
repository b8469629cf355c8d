// Package browser holds the tests that use Gatehouse in a real browser, Chromium,
// as people do: every page, every state of it, with and without JavaScript.
//
//	go test ──▶ gatehouse serve (the real binary, SQLite) ◀── Chromium, by package drive
//	   │                                                        │
//	   ├─▶ an app, and where it sends people on to ◀────────────┤  the whole life: sign in, consent, callback,
//	   │                                                        │  apps, security, console, sign out
//	   └─▶ every page of templates/fixtures ◀───────────────────┘  axe-core, contrast, 320 pixels, hostile text
//
// axe-core is pinned by package-lock.json and installed into the user's cache
// directory when it is not there yet. Without a browser, without npm, the tests
// fail and say what to install; nothing is skipped.
//
// The package knows nothing of how the gateway works inside: it has its command
// line and its pages.
package browser
