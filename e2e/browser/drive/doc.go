// Package drive uses a page in Chromium as a person does: it reads what is
// written, types into the field with a certain label, presses the button with a
// certain name, and waits for the page that follows.
//
//	Start ──▶ Browser ── Tab(t, Options) ──▶ Tab ── Open, Fill, Choose, Press, Key, Await
//	                                          │
//	              what no page may do  ◀── watch: scripts that run or fail, dialogs, breaches of the
//	                                          Content-Security-Policy, requests to foreign hosts
//
// Each tab has cookies of its own. Everything that the watch sees fails the test
// when it ends; so does what takes longer than Patience, which is generous.
// Nothing sleeps: the tab waits for events of the browser.
//
// Reading and pressing go through the debugger, which also works in a tab where
// JavaScript is disabled.
//
// The package knows nothing of Gatehouse.
package drive
