// Package account is about people: how they sign in and out, how long they stay
// signed in, how their passwords are kept, and who a request comes from.
//
//	POST /login ────────────┐                        ┌▶ throttle   enough tries left, at all nodes together?
//	POST /api/v4/users/login┴▶ Service.SignIn ───────┼▶ UserByLogin
//	                                                 └▶ Hasher     a few at a time
//	                           Service.StartSession ──▶ session row, old one deleted ──▶ cookies
//
//	any request ──▶ Authenticator.Caller ──┬▶ session token ──▶ sessions ⋈ users, slides
//	                                       └▶ access token  ──▶ AccessTokens (package provider)
//
//	command line, console, /setup ──▶ Users: make, change, deactivate
//
//	/settings/security ──▶ own sessions, own password, AuthorizedApps (package consent)
//
// The pages are /, /login, /logout, /setup and /settings/security; the API is
// /api/v4/users/login, /logout, /me, /{user_id} and /api/v4/oauth_test (C 1.13).
// A person who is
// signed in passes /login at once; with prompt=login in its query the page asks
// again all the same, and names who must answer, and with prompt=select_account
// it lets them sign in as somebody else.
//
// Pages rely on the server's http.CrossOriginProtection against forged posts;
// JSON calls are checked as the contract says (C 1.1, CSRF).
//
// Passwords are hashed with argon2id: 19 MiB of memory, 2 passes, 1 lane, a
// 16-byte salt and a 32-byte key (the first choice of the OWASP Password Storage
// Cheat Sheet). Half the processors at most hash at a time, so that a storm of
// sign-ins leaves the rest to the token endpoint.
//
// The package shows people their apps, but how those are consented to and revoked
// is for package consent to know, and fosite for nobody here. A raw session
// token lives in the browser only: the database has its hash, and the CSRF token
// is derived from it.
package account
