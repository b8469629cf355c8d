// Package consent decides who must be asked, asks, and remembers.
//
//	Decide (pure) ── ask ──▶ the consent page ── allow ──▶ remembered consent ──▶ provider issues
//	              └─ known or trusted ───────────────────▶ remembered consent ──▶ provider issues
//	revoking (deauthorize) deletes the consent, and with it every code and token
//
// It does not know fosite, nor how codes and tokens are made; package provider
// asks it and acts on its word.
package consent
