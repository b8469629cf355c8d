// Package provider serves the OAuth 2.0 protocol endpoints: authorization, token,
// introspection, revocation and metadata. fosite runs the grants.
//
//	GET, POST /oauth/authorize (authorize.go)
//	  parse ─▶ load the app ─▶ who is signed in? ─▶ consent.Decide ─▶ fosite ─▶ send the response
//
//	POST /oauth/access_token (token.go)
//	  parse ─▶ authenticate the client ─▶ open the code or refresh token ─▶ fosite ─▶ one write ─▶ answer
//
// The files fosite*.go are the only ones that import fosite. fosite.go lists its
// handlers and Gatehouse's own: publicClientPKCE, publicClientRefresh and
// presentedRules. The handlers judge a request and write nothing. Everything that
// they read is complete before fosite is called.
//
// Codes and tokens are sealed values (tokens.go). Making a code writes nothing.
// Redeeming a code is one INSERT, whose primary key makes the code single-use. A
// refresh is one UPDATE.
//
// Each rule that can refuse a request returns a Refusal (refusal.go), which is
// turned into a response in one place for each error format.
//
// The package does not know how users sign in, what the consent page looks like,
// or how anything is stored.
package provider
