// Package web has what the HTTP endpoints of all packages share: the table of routes
// with their policies (Route), handlers that return an error, and one function for each
// error format that turns the error into a response.
//
//	handler(w, r) error ── JSON ──▶ the contract's AppError body   (/api/v4, JSON of /oauth)
//	                    └─ Page ──▶ the error page                 (pages for users)
//	Pages: the pages that need a signed-in user
//	KeptForms: no form is answered with a page; a refused form is shown again with GET
//
// Package provider writes the OAuth errors of RFC 6749, and package registration those
// of RFC 7591. Both use Public for other errors.
//
// The package knows no endpoint, no session and no storage.
package web
