// Package provider runs the grants: the authorization endpoint and the token
// endpoint, with fosite as the machinery and our own rules around it.
//
//	GET/POST /oauth/authorize
//	  parse (parameters.go) → who is asking → consent.Decide → fosite → answer (response.go)
//	POST /oauth/access_token
//	  parse → authenticate the client → rules (rules.go) → fosite → one unit of work (fositestore.go) → answer
//
// Codes and tokens are sealed statements (tokens.go): fosite's storage opens
// them instead of reading rows, and what fosite wants written is collected into
// one statement per request. Nothing is written when a code is made; redeeming
// it is one INSERT whose primary key makes it single-use.
//
// Each rule that can refuse a request is a named Refusal (refusal.go), which
// becomes a response in one place per surface. Fosite checks most of the same
// rules once more: it is the second lock on the door.
//
// The package does not know how people sign in, how consent is asked or
// remembered, nor how anything is stored: it declares what it needs as small
// interfaces.
package provider
