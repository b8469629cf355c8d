// Package gatehouse defines the terms that all packages share: apps, users, sessions,
// consents and grants, the form of ids and secrets, the settings, the rules for
// redirect URIs, and the errors that every layer understands.
//
// The tables refer to each other:
//
//	users ──┬── sessions            a browser or API sign-in
//	        └── consents ── grants  user × app, and each completed authorization
//	apps  ──────┘
//
// Deleting a user, an app or a consent also deletes the rows that refer to it, so a
// revocation is always one DELETE and takes effect on every node immediately.
//
// The package holds data and pure rules. It imports only the standard library, and
// knows neither HTTP nor SQL, fosite or HTML.
package gatehouse
