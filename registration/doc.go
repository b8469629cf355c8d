// Package registration is how an app comes to be and changes.
//
//	/api/v4/oauth/apps ──────┐
//	Integrations pages ──────┴─▶ may they? (permissions.go, actions.go) ─┐
//	/api/v4/oauth/apps/register ─▶ switches, allowlist (dcr.go) ─────────┼─▶ Service: rules → one write → audit
//	command line ────────────────────────────────────────────────────────┘
//
// The rules are the contract's (C 1.15), with redirect URIs judged by
// gatehouse.CheckRedirectURI. Secrets are shown once, when they are made; only
// their hash is stored.
//
// It does not know how codes and tokens are made: deleting an app is one DELETE,
// and everything that hung on it is gone by foreign keys.
package registration
