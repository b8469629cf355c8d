package templates

// LoginPage asks who somebody is. It posts to /login: login_id, password,
// redirect_to.
type LoginPage struct {
	LoginID    string // what was typed, kept
	RedirectTo string // a path on this server, or ""
	// Error is a sentence: why the last try failed.
	Error string
	// ReauthenticateAs is the username of the person who is signed in and has to
	// prove it again (prompt=login, max_age, a dangerous step); else "".
	ReauthenticateAs string
}

// SetUpPage makes the first System Admin. It posts to /setup: token, username,
// email, password.
type SetUpPage struct {
	Token           string // of the one-time link
	Username, Email string // what was typed, kept
	Error           string // what is wrong with the whole, or ""
	// FieldErrors are sentences by the name of the field.
	FieldErrors map[string]string
}

// SignedOutPage says that the person is signed out.
type SignedOutPage struct{}

// LogoutPage asks before it signs out, since a link may lead here from
// anywhere. It posts to /logout, without fields.
type LogoutPage struct{}

// HomePage shows a signed-in person where to go. Which ways there are follows
// from the Frame.
type HomePage struct {
	// Apps is how many apps the person has authorised.
	Apps int
	// ProviderEnabled: the OAuth 2.0 service provider is on. While it is off, the
	// page says so, and tells a System Admin where to turn it on.
	ProviderEnabled bool
}

// ErrorPage says what went wrong and what to do.
type ErrorPage struct {
	Status    int    // of HTTP
	Title     string // "This link leads nowhere"; "" = by Status
	Message   string // sentences: what is wrong and what would be right
	RequestID string // to find it in the log; may be empty
	// BackURL is where the way on leads; "" shows no link, as for a broken
	// authorization request, which no page of ours can mend.
	BackURL   string
	BackLabel string // "" = "Go to the start page"
}

func (LoginPage) template() string     { return "login" }
func (SetUpPage) template() string     { return "setup" }
func (SignedOutPage) template() string { return "signed_out" }
func (LogoutPage) template() string    { return "logout" }
func (HomePage) template() string      { return "home" }
func (ErrorPage) template() string     { return "error" }
