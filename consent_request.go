package gatehouse

// ConsentRequest is the question that an authorization request raises: may this
// app act for this person?
type ConsentRequest struct {
	Caller      Caller
	App         App
	Scopes      []string
	RedirectURI string // where the answer goes, checked and matched
	Prompt      string // OpenID Connect Core §3.1.2.1: "", "none", "login", "consent"
	Implicit    bool   // the answer is an access token in the URL
	Action      string // where the consent form posts to: the request itself, as a local URL
}

// ConsentDecision says whether the person must be asked, and why.
type ConsentDecision struct {
	Ask     bool
	Reason  ConsentReason
	Missing []string // the scopes that were not agreed to before
	// Remembered is the earlier consent; its ID is empty when there is none.
	Remembered Consent
}

// ConsentReason names the rule that made a decision.
type ConsentReason string

// The reasons for asking, and for not asking.
const (
	ConsentReasonTrusted       ConsentReason = "trusted"        // the app is trusted: not asked
	ConsentReasonRemembered    ConsentReason = "remembered"     // agreed to before, with these scopes: not asked
	ConsentReasonFirstTime     ConsentReason = "first_time"     // never agreed to
	ConsentReasonScopesMissing ConsentReason = "scopes_missing" // wants more than was agreed to
	ConsentReasonPrompt        ConsentReason = "prompt"         // the client wants the person asked again
)
