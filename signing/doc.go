// Package signing keeps the keys that sign ID tokens and logout tokens, and publishes
// them as a JSON Web Key Set at /oauth/jwks.
//
//	Sign ────────┐
//	Verify ──────┼─▶ keySet, at most a second old ──▶ Store.SigningKeys
//	PublicKeys ──┘
//	Maintain, Rotate, Withdraw ──▶ plan ──▶ generate, seal ──▶ Store.ChangeSigningKeys ──▶ keySet
//
// Each algorithm has a key that signs, the key that follows it, and keys that signed
// before:
//
//	          CreateAt             SignFrom              SignFrom of the      ExpiresAt
//	             │ published, does    │ signs               │ following key      │
//	             │ not sign yet       │                     │ still published    │ deleted
//	─────────────┼────────────────────┼─────────────────────┼────────────────────┼──────▶
//	             at least SigningKeyLead  SigningKeyPeriod      SigningKeyRetention
//
// So a client that keeps the key set for JWKSMaxAge can verify each token. The times are
// in the database, and a node needs no event to use the following key.
//
// Nothing is created until the first request needs a key. Then RS256 and ES256 get keys.
// EdDSA gets keys with its first token. The database makes sure that one of several nodes
// adds a key (unique numbers) and that changes do not overwrite each other. Private keys
// are sealed with the current secret, and sealed again if a previous secret sealed them.
// See docs/decisions/0028-signing-keys.md.
package signing
