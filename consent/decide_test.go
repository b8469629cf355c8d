package consent_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/consent"
)

func TestDecide(t *testing.T) {
	user := gatehouse.Consent{ID: "c", Scopes: []string{"user"}}
	cases := []struct {
		name       string
		trusted    bool
		askAgain   bool
		scopes     []string
		remembered gatehouse.Consent
		ask        bool
		reason     consent.Reason
		missing    []string
	}{
		{"the first time asks", false, false, []string{"user"}, gatehouse.Consent{}, true, consent.ReasonFirstTime, []string{"user"}},
		{"a remembered consent is enough", false, false, []string{"user"}, user, false, consent.ReasonRemembered, nil},
		{"a new scope asks", false, false, []string{"user", "files"}, user, true, consent.ReasonScopesMissing, []string{"files"}},
		{"fewer scopes than remembered do not ask", false, false, []string{"user"}, gatehouse.Consent{ID: "c", Scopes: []string{"files", "user"}}, false, consent.ReasonRemembered, nil},
		{"a trusted app never asks", true, false, []string{"user"}, gatehouse.Consent{}, false, consent.ReasonTrusted, []string{"user"}},
		{"a trusted app never asks for a new scope", true, false, []string{"files"}, user, false, consent.ReasonTrusted, []string{"files"}},
		{"prompt=consent asks again", false, true, []string{"user"}, user, true, consent.ReasonPrompt, nil},
		{"prompt=consent asks even for a trusted app", true, true, []string{"user"}, user, true, consent.ReasonPrompt, nil},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			d := consent.Decide(consent.Request{App: gatehouse.App{IsTrusted: tc.trusted}, Scopes: tc.scopes, AskAgain: tc.askAgain}, tc.remembered)
			require.Equal(t, tc.ask, d.Ask)
			require.Equal(t, tc.reason, d.Reason)
			require.Equal(t, tc.missing, d.Missing)
			require.Equal(t, tc.remembered, d.Remembered)
		})
	}
}

// A resource needs consent like a scope (RFC 8707).
func TestDecideAboutAResource(t *testing.T) {
	remembered := gatehouse.Consent{ID: "c", Scopes: []string{"user"}, Resources: []string{"https://one.example"}}
	decide := func(resource string, trusted bool) consent.Decision {
		return consent.Decide(consent.Request{Scopes: []string{"user"}, Resource: resource, App: gatehouse.App{IsTrusted: trusted}}, remembered)
	}
	require.Equal(t, consent.ReasonRemembered, decide("", false).Reason)
	require.Equal(t, consent.ReasonRemembered, decide("https://one.example", false).Reason)
	d := decide("https://two.example", false)
	require.Equal(t, consent.ReasonNewResource, d.Reason)
	require.True(t, d.Ask)
	require.True(t, d.NewResource)
	d = decide("https://two.example", true)
	require.False(t, d.Ask, "a trusted app never asks")
	require.True(t, d.NewResource, "but the consent is stored")
}

func ExampleDecide() {
	request := consent.Request{Scopes: []string{"user", "files"}}
	remembered := gatehouse.Consent{ID: "consent-to-user", Scopes: []string{"user"}}
	d := consent.Decide(request, remembered)
	fmt.Println(d.Ask, d.Reason, d.Missing)
	// Output: true scopes_missing [files]
}
