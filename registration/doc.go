// Package registration registers apps and changes them.
//
//	/api/v4/oauth/apps ─┐
//	Integrations pages ─┴─▶ permissions (manage.go) ─┐
//	command line ────────────────────────────────────┴─▶ Service: check → write → audit event
//
//	/api/v4/oauth/apps/register ─▶ Registrar: rate limit → parse → check → write → audit event
//
// The rules for an app are the contract's (C 1.15), and gatehouse.CheckRedirectURI checks
// its redirect URIs. A client secret is shown only when it is created. Only its hash is stored.
//
// The package does not know how codes and tokens are made. The deletion of an app is one
// DELETE, because foreign keys delete its consents, grants and codes.
package registration
