// Command client is the sample relying party: an OAuth 2.0 client that shows each
// request to an authorization server and each response. Compare them with those of your
// own client.
//
//	go run ./examples/client -issuer http://localhost:8065 \
//	    -client-id ID -client-secret-file secret.txt
//	go run ./examples/client -client-id ID -public
//
// Then open http://localhost:8066. Register the app with the callback URL that the first
// lines of the output show.
//
// It works with any issuer. It reads the endpoints from the issuer's metadata (RFC 8414).
// Without metadata, it uses /oauth/authorize, /oauth/access_token and /api/v4/users/me
// below the issuer. Flags override each endpoint. This package only parses flags and
// listens; package relyingparty does the rest.
//
// With the scope openid it also verifies the ID token, reads UserInfo, and can sign the user
// out (OpenID Connect). Register the app with the post-logout redirect URI
// http://localhost:8066/app/signed-out.
//
//	go run ./examples/client -client-id ID -client-secret-file secret.txt \
//	    -scope "openid profile email"
//
// It uses only the standard library and golang.org/x/oauth2, and no code of the server.
// Therefore it shows how the server behaves for any client.
package main
