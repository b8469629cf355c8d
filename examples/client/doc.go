// Command client is the sample relying party: an OAuth 2.0 client that shows,
// step by step, what it sends to an authorization server and what it gets back.
// Keep it open beside a client of your own.
//
//	go run ./examples/client -issuer http://localhost:8065 \
//	    -client-id ID -client-secret-file secret.txt
//	go run ./examples/client -client-id ID -public
//
// Then open http://localhost:8066. The app must be registered with the callback
// URL that the first lines of output name.
//
// It works against any issuer. Endpoints are read from the issuer's metadata
// (RFC 8414) when there is any, else they are /oauth/authorize,
// /oauth/access_token and /api/v4/users/me below the issuer; flags override
// each. Everything but flags and listening is in package relyingparty.
//
// It is a foreign client on purpose: standard library and golang.org/x/oauth2,
// nothing of the server it talks to. What works here works for any client.
package main
