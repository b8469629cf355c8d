package gatehouse

// Caller is who a request comes from: a person signed in by a session, or an
// app acting for a person with an access token.
type Caller struct {
	User User
	// Session is the sign-in; its ID is empty when an access token was sent.
	Session Session
	// Grant is what the access token belongs to; its ID is empty for sessions.
	Grant Grant
	// SessionToken is the raw token of Session, which the CSRF token is derived
	// from. It is never logged or shown.
	SessionToken string
	// CSRFToken is what forms and scripts of this session must send along; empty
	// for access tokens.
	CSRFToken string
}

// IsOAuth reports whether an app is calling. Apps may read their user but not
// authorise, deauthorise or manage apps (C 1.3, 1.5).
func (c Caller) IsOAuth() bool { return c.Grant.ID != "" }
