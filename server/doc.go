// Package server is the HTTP assembly: it puts the handlers of the other packages
// behind one router and one row of middleware, and runs the listeners.
//
//	connection ─▶ request id ─▶ client (trusted proxies) ─▶ trace ─▶ access log, metrics ─▶ recover
//	           ─▶ security headers ─▶ limits ─▶ deadline ─▶ plain headers, plain path ─▶ CORS
//	           ─▶ cross-origin ─▶ HEAD as GET ─▶ router ─▶ handler
//
// The row is in one function, (*site).middleware, with the reason for its order.
// What the middleware refuses is answered in the form of the endpoint that was
// asked for: the contract's JSON, the token endpoint's, or the error page
// (surface.go).
//
// Paths are matched as they were sent. Anything but plain path characters (dot
// segments, double slashes, percent-encodings) leads nowhere, so that no proxy in
// front and no router in here can disagree about which endpoint is meant.
//
// Metrics are told of what happens by the parts themselves: each declares a func
// that it calls, and Assemble gives it one of Metrics' methods. None of them knows
// Prometheus.
//
// /healthz, /readyz and what lies below the site URL's path is all there is; the
// metrics have a listener of their own.
//
// The package knows no endpoint's rules, no session and no storage.
package server
