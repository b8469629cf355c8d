// Command bench measures a gateway from outside. It starts the given binary as one or more
// nodes on an empty database with durable commits, signs a user in, and makes calls with
// several workers at a time.
//
//	gateway.go starts the nodes (node.go) and creates the app
//	scenarios.go has the calls
//	empty.go serves a handler that does nothing, for comparison
//	load.go makes calls with several workers and measures them
//	main.go prints a table
//
// One flow is GET /oauth/authorize by a signed-in user of a trusted app, POST
// /oauth/access_token with PKCE, and GET /api/v4/users/me. With -openid there is also the
// same flow with the scope openid, for each algorithm of ID tokens. Compare only figures of
// the same machine.
package main
