// Package server is the HTTP server: it connects the other packages (gateway.go), puts
// their routes behind one router and one chain of middleware, and runs the listeners
// (run.go).
//
//	connection ─▶ request id ─▶ client address ─▶ route and its policy ─▶ trace ─▶ access log, metrics
//	           ─▶ recover ─▶ security headers ─▶ limits of size and time ─▶ plain headers, plain path
//	           ─▶ CORS ─▶ cross-origin protection ─▶ HEAD as GET ─▶ handler
//
// The order and its reasons are in one function, (*site).middleware. Each package
// declares its endpoints and their policies in a table of web.Route; routing.go matches
// a request with them, and this package names no endpoint of another package. If the
// middleware refuses a request, it reports the error in the error format of the route
// (error_format.go).
//
// Paths are matched as they were sent. A path with other than plain characters (dot
// segments, double slashes, percent-encodings) matches no route, so that a proxy and
// this router cannot understand it as different endpoints.
//
// The other packages do not know Prometheus: each declares a func that it calls for
// every event, and NewGateway passes a method of Metrics.
//
// The endpoints are /healthz, /readyz and everything below the path of the site URL. The
// metrics have a listener of their own.
//
// The package knows no rules of endpoints, no session and no storage.
package server
