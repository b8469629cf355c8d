// Package backchannel tells apps that a user has signed out (OpenID Connect Back-Channel
// Logout).
//
//	a session or an app's access ends ── same transaction ──▶ outbox (package storage)
//	                                                            │ each second, on each node
//	Deliverer.Run ──▶ take due deliveries ──▶ LogoutToken ──▶ signing ──▶ egress ──▶ the app
//	                        ▲                                               │
//	                        └── tried again later, for 24 hours ◀── failed ─┴─ 200 or 204 ──▶ removed
//
// An app gets each logout token at least once: a node that stops after the app's answer
// leaves the delivery to be done again.
//
// The package does not know why a session ended, who may end it, or SQL.
package backchannel
