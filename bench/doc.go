// Command bench measures a gateway from outside: it starts the given binary,
// once or as several nodes, on an empty database with durable commits, signs a
// user in, and drives it with c connections at a time for a while.
//
//	gateway.go (start, seed), node.go (a process) → scenarios.go (what one call is) → load.go (many at once) → a table
//
// One flow is GET /oauth/authorize by a signed-in user of a trusted app → POST
// /oauth/access_token with PKCE → GET /api/v4/users/me. Figures of one machine
// mean little on another: compare runs, not numbers.
package main
