// Package openid is OpenID Connect on top of the grants of package provider: what an
// ID token says, which claims about a user an app may read, and how an app signs its
// user out.
//
//	scope openid ──▶ provider: same grants, same consent ── IDToken ──▶ signing ──▶ id_token
//	                         │
//	access token ──▶ UserInfo ── ClaimsOf(user, groups, scopes, claims) ──▶ JSON
//	id_token_hint ──▶ Logout ── session of the hint ──▶ account ──▶ post_logout_redirect_uri
//
// Nothing of it has a row of its own. What an ID token needs is sealed into the code,
// and stored with the grant for its refreshes: see Authentication.
//
// The package does not know fosite, the storage, how users sign in, or keys.
package openid
