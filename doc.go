// Package gatehouse is the vocabulary of the gateway: what an app, a user, a
// session, a consent and a grant are, how ids and secrets look, which settings
// exist, which redirect URIs are acceptable, and the errors that every layer
// understands.
//
// What hangs on what:
//
//	users ──┬── sessions            a browser or API sign-in
//	        └── consents ── grants  user × app, and each completed authorization
//	apps  ──────┘
//
// Deleting a user, an app or a consent takes everything below it along, so
// revoking is always one DELETE and holds on every node at once.
//
// The package holds data and pure rules. It imports the standard library only,
// and knows nothing of HTTP, SQL, fosite or HTML.
package gatehouse
