package templates

import "gatehouse"

// ConsentPage asks a person whether an app may act for them, and tells the
// truth about it: what it says of the app is either known to the gateway
// (the host that receives the answer) or marked as the app's own claim.
// It posts to Action: csrf_token, decision=allow or decision=deny.
// The Frame's FormTargets must name where the answer goes.
type ConsentPage struct {
	App       gatehouse.App
	User      gatehouse.User // who is signed in
	CSRFToken string
	// Action is what the form posts to: the authorization request itself.
	Action string
	// ReceivingHost is the host that will receive the answer, in ASCII form, with
	// its port unless it is the usual one.
	ReceivingHost string
	// IsLoopback: the answer goes to a program on this computer.
	IsLoopback bool
	// PrivateScheme is the scheme, "com.example.app", when an app on this device
	// receives the answer instead of a host.
	PrivateScheme string
	// Scopes are what the app asks for, in words.
	Scopes []ScopeText
	// Lifetime says for how long, as a sentence:
	// "Until you revoke it, or the app has not been used for 30 days."
	Lifetime string
	// Implicit: the token itself travels through the browser (RFC 6749 §1.3.2).
	Implicit bool
	// LoginURL is where "Not you?" leads: it asks who is there and comes back.
	LoginURL string
}

// IsUpdate reports whether the person agreed to a part of the request before.
func (p ConsentPage) IsUpdate() bool {
	var fresh, known bool
	for _, s := range p.Scopes {
		fresh, known = fresh || s.New, known || !s.New
	}
	return fresh && known
}

// FormPostPage carries an authorization response to the app by a form
// (response_mode=form_post). A script submits it at once; without JavaScript
// the person presses its button.
type FormPostPage struct {
	Action string // the redirect URI, checked
	Fields []Field
}

func (ConsentPage) template() string  { return "consent" }
func (FormPostPage) template() string { return "form_post" }
