package consent

import (
	"slices"

	"gatehouse"
)

// Decide says whether a person must be asked. It is pure: remembered is the
// consent that there is, with an empty ID if there is none.
//
//   - prompt=consent asks, always (OpenID Connect Core §3.1.2.1): even for a trusted app;
//   - a trusted app asks nobody, from the very first sign-in (C 2.9);
//   - else the person is asked until they have agreed to every scope.
func Decide(r gatehouse.ConsentRequest, remembered gatehouse.Consent) gatehouse.ConsentDecision {
	d := gatehouse.ConsentDecision{Remembered: remembered, Missing: missing(r.Scopes, remembered)}
	switch {
	case r.Prompt == "consent":
		d.Ask, d.Reason = true, gatehouse.ConsentReasonPrompt
	case r.App.IsTrusted:
		d.Reason = gatehouse.ConsentReasonTrusted
	case remembered.ID == "":
		d.Ask, d.Reason = true, gatehouse.ConsentReasonFirstTime
	case len(d.Missing) > 0:
		d.Ask, d.Reason = true, gatehouse.ConsentReasonScopesMissing
	default:
		d.Reason = gatehouse.ConsentReasonRemembered
	}
	return d
}

func missing(scopes []string, remembered gatehouse.Consent) []string {
	var m []string
	for _, s := range scopes {
		if !slices.Contains(remembered.Scopes, s) {
			m = append(m, s)
		}
	}
	return m
}
