// Package web holds what every HTTP surface of the gateway shares: handlers
// that return an error, and the one place per surface where that error becomes
// a response.
//
//	handler(w, r) error ── JSON ──▶ the contract's AppError body   (/api/v4, JSON of /oauth)
//	                    └─ Page ──▶ the error page                 (everything a person looks at)
//	Pages: the pages of people who are signed in; who is not goes to /login and comes back
//
// The OAuth error bodies of RFC 6749 live in package provider, those of
// RFC 7591 in package registration; both fall back to Public here for errors
// that they do not know.
//
// It knows no endpoint, no session and no storage.
package web
