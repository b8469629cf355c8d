// Package doctor checks an OAuth 2.0 or OpenID Connect server from outside, as a client
// meets it, and says what to change.
//
//	Run ─▶ client (bounded requests, no redirects, no credentials)
//	  │
//	  ├─▶ connection.go     name, TCP, TLS, certificate, clock, http, HSTS
//	  ├─▶ metadata.go       the documents at every place; they are JSON and agree
//	  ├─▶ members.go        issuer, required members, types, PKCE, iss
//	  ├─▶ endpoints.go      the URLs of the endpoints; only those that are safe get requests
//	  ├─▶ authorize.go, page.go, token.go, userinfo.go, registration.go, keys.go, resource.go
//	  └─▶ Report: a Finding for each rule (rules.go) ─▶ cmd/gatehouse prints it
//
// Each rule has an id that does not change. A Checklist turns a rule and a sentence into a
// finding; cmd/gatehouse uses it for rules of its own.
//
// The package treats every answer as hostile: it limits its time and size, and quotes and
// shortens what it shows of it. It does not know Gatehouse: the rules are those of the
// RFCs. It does not read the environment, and it writes to no stream.
package doctor
