// Package loopback gives a test an address for a program that the test starts later.
//
//	Reserve ──▶ 127.0.0.1:port ──▶ configuration, site URL ──▶ the program listens there
//
// A port that was only seen to be free may belong to another program before the test's
// own program listens. A reserved port cannot: the system gives it to no program that
// asks for any free port.
//
// The package knows nothing of Gatehouse.
package loopback
