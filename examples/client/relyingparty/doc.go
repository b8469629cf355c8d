// Package relyingparty is an OAuth 2.0 client as a web page: it runs the
// authorization code grant (with PKCE) or the implicit grant against an
// authorization server and shows each request and each answer, so that a
// developer can compare them with those of their own client.
//
//	browser                 this handler                      authorization server
//	   │  GET /{slug}            │                                      │
//	   │◀─ step 1: the URL ──────│  state and verifier kept per browser │
//	   │  Go ────────────────────┼───────── /oauth/authorize ──────────▶│
//	   │◀────────────────────────┼─── 303 /{slug}/callback?code,state,iss
//	   │  GET /{slug}/callback ─▶│  step 2: state and iss checked       │
//	   │  POST /{slug}/token ───▶│  step 3 ── /oauth/access_token ─────▶│
//	   │  POST /{slug}/me ──────▶│  step 4 ── /api/v4/users/me ────────▶│
//	   │  POST /{slug}/refresh ─▶│  step 5 ── /oauth/access_token ─────▶│
//	   │  POST /{slug}/try/… ───▶│  wrong requests, to see refusals     │
//
// By the implicit grant the answer is in the URL fragment, which only the
// browser sees: /{slug}/callback then is a page whose script posts it here.
//
// Nothing is sent before its button is pressed, so that wrong requests can be
// tried at every stage of a run. Runs are kept in memory, a bounded number.
//
// The client secret never leaves this handler but to the token endpoint. Codes
// and tokens are shown by their last characters; the browser that they were
// issued to can ask for a curl command that contains them.
//
// The package is a foreign client: it uses the standard library and
// golang.org/x/oauth2, and knows nothing of how the server works.
package relyingparty
