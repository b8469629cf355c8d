// Package seal turns small values into opaque strings that only this gateway can open:
// authorization codes, access tokens and refresh tokens.
//
//	value ──CBOR──▶ plaintext ──XChaCha20-Poly1305──▶ prefix + base64url(key id ‖ nonce ‖ ciphertext)
//
// Sealing is deterministic: the nonce is a keyed hash of the plaintext (the SIV
// construction of RFC 5297 §1.3.2 with other primitives), so equal values have equal
// strings. This lets two refreshes that race return the same tokens. Each kind of value
// has its own keys, and its prefix is authenticated, so a code does not open as a token.
//
// The package does not know the values, and stores nothing.
package seal
