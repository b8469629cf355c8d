// Package consent decides whether a user must be asked, asks, and stores the
// answer.
//
//	provider ── Request ──▶ Decide (pure) ── ask ──▶ consent page ── allow ──▶ Allow ──▶ stored consent
//	                              │                               └─ deny ───▶ Deny  ──▶ audit event
//	                              └─ trusted or remembered ──────────────────▶ Allow ──▶ stored consent
//
//	user ── POST /oauth/deauthorize, security page ──▶ Revoke ──▶ the consent is deleted
//
// Grants belong to a consent, so deleting it ends every code and token of the app
// for this user.
//
// The package does not know fosite, and it does not know how codes and tokens are
// made. Package provider calls it and makes them.
package consent
