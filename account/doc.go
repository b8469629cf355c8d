// Package account knows users: signing in and out, sessions, passwords, and which
// user a request comes from.
//
//	POST /login ────────────┐                       ┌▶ limiter      is an attempt left, on all nodes together?
//	POST /api/v4/users/login┴▶ Service.SignIn ──────┼▶ Store        find the user
//	                                                └▶ Hasher       compare, a few at a time
//	                           Service.StartSession ──▶ new session or new token ──▶ Cookies
//
//	any request ──▶ Authenticator.Caller ──┬▶ session token ──▶ session and user, expiry slides
//	                                       └▶ access token  ──▶ AccessTokens (package provider)
//
//	command line, console, /setup ──▶ Users: create, change, deactivate
//
//	/settings/security ──▶ own sessions, own password, AuthorizedApps (package consent)
//
// The pages are /, /login, /logout, /setup and /settings/security. The API is
// /api/v4/users/login, /logout, /me, /{user_id} and /api/v4/oauth_test (C 1.13).
//
// Pages rely on the server's http.CrossOriginProtection against cross-site forms. JSON
// requests with a cookie are checked as the contract says (C 1.1, CSRF).
//
// Passwords are hashed with argon2id: 19 MiB of memory, 2 passes, 1 lane, a 16-byte
// salt and a 32-byte key (the first choice of the OWASP Password Storage Cheat Sheet).
// At most half of the processors hash at the same time, so that many sign-ins do not
// slow down the token endpoint.
//
// The raw session token exists only in the browser: the database has its hash, and the
// CSRF token is derived from it.
package account
