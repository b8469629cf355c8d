package consent

import (
	"slices"

	"gatehouse"
	"gatehouse/internal/web"
)

// Request asks for a user's consent: may this app act for this user?
type Request struct {
	Caller      gatehouse.Caller
	App         gatehouse.App
	Scopes      []string
	Resource    string // the resource that the tokens are for (RFC 8707); "" if the request names none
	RedirectURI string // where the authorization response goes; checked and matched
	AskAgain    bool   // the client wants the user to be asked in any case: prompt=consent (OpenID Connect Core §3.1.2.1)
	Implicit    bool   // the response is an access token in the URL
	Action      string // the local URL that the consent form posts to: the authorization request itself
	// Sent is the consent form that was refused. It is the zero value if no form was refused.
	Sent web.KeptForm
}

// resources returns the requested resource as a list.
func (r Request) resources() []string {
	if r.Resource == "" {
		return nil
	}
	return []string{r.Resource}
}

// Decision says whether the user must be asked, and why.
type Decision struct {
	Ask     bool
	Reason  Reason
	Missing []string // the requested scopes that the user has not consented to
	// NewResource is true if the user has not consented to the requested resource.
	NewResource bool
	// Remembered is the stored consent; its ID is empty if there is none.
	Remembered gatehouse.Consent
}

// Reason names the rule that made a decision.
type Reason string

// The reasons for asking, and for not asking.
const (
	ReasonTrusted       Reason = "trusted"        // the app is trusted: do not ask
	ReasonRemembered    Reason = "remembered"     // the user has consented to these scopes: do not ask
	ReasonFirstTime     Reason = "first_time"     // the user has not consented to this app
	ReasonScopesMissing Reason = "scopes_missing" // the app asks for more scopes than before
	ReasonNewResource   Reason = "new_resource"   // the tokens are for a resource that the user has not consented to
	ReasonPrompt        Reason = "prompt"         // the client wants the user to be asked
)

// Decide decides whether the user must be asked. It is a pure function. remembered
// is the stored consent, with an empty ID if there is none.
//
//   - prompt=consent always asks (OpenID Connect Core §3.1.2.1), even for a trusted app.
//   - A trusted app never asks, from the first sign-in on (C 2.9).
//   - Otherwise the user is asked until they have consented to every scope and to the
//     resource.
func Decide(r Request, remembered gatehouse.Consent) Decision {
	d := Decision{Remembered: remembered, NewResource: r.Resource != "" && !slices.Contains(remembered.Resources, r.Resource)}
	for _, scope := range r.Scopes {
		if !slices.Contains(remembered.Scopes, scope) {
			d.Missing = append(d.Missing, scope)
		}
	}
	switch {
	case r.AskAgain:
		d.Ask, d.Reason = true, ReasonPrompt
	case r.App.IsTrusted:
		d.Reason = ReasonTrusted
	case remembered.ID == "":
		d.Ask, d.Reason = true, ReasonFirstTime
	case len(d.Missing) > 0:
		d.Ask, d.Reason = true, ReasonScopesMissing
	case d.NewResource:
		d.Ask, d.Reason = true, ReasonNewResource
	default:
		d.Reason = ReasonRemembered
	}
	return d
}
