// Package relyingparty is an OAuth 2.0 client as a website. It runs the authorization code
// grant with PKCE, or the implicit grant, and shows each request and each response. A
// developer can compare them with those of their own client.
//
//	browser                 this handler                      authorization server
//	   │  GET /{slug}            │                                      │
//	   │◀─ step 1: the URL ──────│  stores state and verifier           │
//	   │  Go ────────────────────┼───────── /oauth/authorize ──────────▶│
//	   │◀────────────────────────┼─── 303 /{slug}/callback?code,state,iss
//	   │  GET /{slug}/callback ─▶│  step 2: checks state and iss        │
//	   │  POST /{slug}/token ───▶│  step 3 ── /oauth/access_token ─────▶│
//	   │  POST /{slug}/me ──────▶│  step 4 ── /api/v4/users/me ────────▶│
//	   │  POST /{slug}/refresh ─▶│  step 5 ── /oauth/access_token ─────▶│
//	   │  POST /{slug}/try/… ───▶│  sends a wrong request               │
//
// In the implicit grant, the response is in the URL fragment, which only the browser sees.
// Then /{slug}/callback is a page whose script posts the fragment to the handler.
//
// The handler sends a request only when the user presses its button, so that the user can
// send wrong requests at every step. It keeps a limited number of runs in memory.
//
// The handler sends the client secret only to the token endpoint. Pages show only the last
// characters of codes and tokens. The browser that received a code or token can load a curl
// command that contains it.
//
// The package uses only the standard library and golang.org/x/oauth2, and no code of the
// server.
package relyingparty
