// Package drive uses a page in Chromium as a user does: it reads the text, types into
// the field with a certain label, presses the button with a certain name, and waits
// for the next page.
//
//	Start ──▶ Browser ── Tab(t, Options) ──▶ Tab ── Open, Fill, Choose, Press, Key, Await
//	                                          │
//	              what no page may do  ◀── watch: scripts that run or fail, dialogs, breaches of the
//	                                          Content-Security-Policy, requests to foreign hosts
//
// Each tab has separate cookies. Everything that the watch sees fails the test at its
// end. A step that takes longer than Patience also fails the test. No code sleeps:
// the tab waits for events of the browser.
//
// The package reads and presses through the debugger, which also works in a tab
// without JavaScript. It knows nothing of Gatehouse.
package drive
