package relyingparty

import (
	"context"
	"strings"

	"golang.org/x/oauth2"
)

// What experiments send in place of the right values.
const (
	unknownClientID    = "zzzzzzzzzzzzzzzzzzzzzzzzzz" // 26 characters, like a real one
	wrongSecret        = "this-is-not-the-secret"
	madeUpRefreshToken = "a-refresh-token-that-nobody-issued"
)

// experiment is a wrong request that shows what a refusal looks like.
type experiment struct {
	Name, Title string
	Sends       string // what is wrong with it
	Expect      string // what a server that follows the RFCs answers
	// Graced: a server may accept it for a short time after a refresh.
	Graced bool

	applies func(Scenario) bool
	missing func(*run) string // what must be done first; "" when ready
	call    func(context.Context, *trial) (*oauth2.Token, *exchange)
}

func codeFlow(s Scenario) bool  { return !s.Implicit }
func hasSecret(s Scenario) bool { return !s.Implicit && !s.Public }
func anyGrant(Scenario) bool    { return true }

func needsCode(r *run) string {
	if r.code == "" {
		return "Get a code first (steps 1 and 2)."
	}
	return ""
}

func needsRedeemedCode(r *run) string {
	if !r.done(callToken) {
		return "Redeem the code first (step 3)."
	}
	return ""
}

func needsToken(r *run) string {
	if r.accessToken == "" {
		return "Get an access token first."
	}
	return ""
}

func needsRefresh(r *run) string {
	if r.oldRefreshToken == "" {
		return "Refresh first (step 5)."
	}
	return ""
}

func needsNothing(*run) string { return "" }

// retired are the experiments with what a refresh replaced; they stand in
// step 5, the others in the list of wrong requests.
func retired() []experiment {
	return []experiment{
		{
			Name: "old-access-token", Title: "Use the old access token",
			Sends:  "Step 4 with the access token that the refresh replaced.",
			Expect: "401. A server may accept it for some seconds more, for requests that are under way.",
			Graced: true, applies: hasSecret, missing: needsRefresh,
			call: func(ctx context.Context, t *trial) (*oauth2.Token, *exchange) {
				return nil, t.h.requestMe(ctx, t.endpoints.Me, t.run.oldAccessToken)
			},
		},
		{
			Name: "old-refresh-token", Title: "Use the old refresh token",
			Sends:  "Step 5 with the refresh token that has been used already.",
			Expect: "Within a short time, the same new tokens again, for a client that lost the answer. Later it counts as theft: invalid_grant, and the new tokens are revoked too (RFC 9700 §4.14.2).",
			Graced: true, applies: hasSecret, missing: needsRefresh,
			call: func(ctx context.Context, t *trial) (*oauth2.Token, *exchange) {
				return t.refresh(ctx, t.run.oldRefreshToken)
			},
		},
	}
}

func experiments() []experiment {
	return []experiment{
		{
			Name: "wrong-redirect-uri", Title: "Another redirect_uri",
			Sends:   "The token request with a redirect_uri that is not the one of step 1.",
			Expect:  "invalid_grant (RFC 6749 §5.2). The code is not used up by it.",
			applies: codeFlow, missing: needsCode,
			call: func(ctx context.Context, t *trial) (*oauth2.Token, *exchange) {
				return t.redeem(ctx, t.run.verifier, func(c *oauth2.Config) { c.RedirectURL += "-of-somebody-else" })
			},
		},
		{
			Name: "no-code-verifier", Title: "No code_verifier",
			Sends:   "The token request without the secret behind code_challenge: what somebody who stole the code could send.",
			Expect:  "invalid_grant (RFC 7636 §4.6).",
			applies: Scenario.usesPKCE, missing: needsCode,
			call: func(ctx context.Context, t *trial) (*oauth2.Token, *exchange) {
				return t.redeem(ctx, "", nil)
			},
		},
		{
			Name: "wrong-client-secret", Title: "Wrong client secret",
			Sends:   "The token request with client_secret=" + wrongSecret + ".",
			Expect:  "401 invalid_client (RFC 6749 §5.2). The code is not used up by it.",
			applies: hasSecret, missing: needsCode,
			call: func(ctx context.Context, t *trial) (*oauth2.Token, *exchange) {
				return t.redeem(ctx, t.run.verifier, func(c *oauth2.Config) { c.ClientSecret = wrongSecret })
			},
		},
		{
			Name: "unknown-client", Title: "Unknown client",
			Sends:   "The token request with a client_id that nobody has.",
			Expect:  "401 invalid_client (RFC 6749 §5.2).",
			applies: codeFlow, missing: needsCode,
			call: func(ctx context.Context, t *trial) (*oauth2.Token, *exchange) {
				return t.redeem(ctx, t.run.verifier, func(c *oauth2.Config) { c.ClientID = unknownClientID })
			},
		},
		{
			Name: "replayed-code", Title: "The same code again",
			Sends:   "The token request of step 3 a second time, unchanged.",
			Expect:  "invalid_grant, and what the first use gave is revoked (RFC 6749 §4.1.2): try step 4 afterwards.",
			applies: codeFlow, missing: needsRedeemedCode,
			call: func(ctx context.Context, t *trial) (*oauth2.Token, *exchange) {
				return t.redeem(ctx, t.run.verifier, nil)
			},
		},
		{
			Name: "public-refresh", Title: "Refresh as a public app",
			Sends:   "grant_type=refresh_token without a client secret, and a made-up token: this app was never given a real one.",
			Expect:  "unauthorized_client or invalid_grant: public apps get no refresh tokens.",
			applies: func(s Scenario) bool { return s.Public && !s.Implicit }, missing: needsNothing,
			call: func(ctx context.Context, t *trial) (*oauth2.Token, *exchange) {
				return t.refresh(ctx, madeUpRefreshToken)
			},
		},
		{
			Name: "tampered-token", Title: "An access token with one character changed",
			Sends:   "Step 4 with an access token that is not quite the real one.",
			Expect:  "401 with a WWW-Authenticate header (RFC 6750 §3).",
			applies: anyGrant, missing: needsToken,
			call: func(ctx context.Context, t *trial) (*oauth2.Token, *exchange) {
				return nil, t.h.requestMe(ctx, t.endpoints.Me, tamper(t.run.accessToken))
			},
		},
	}
}

// findExperiment returns the experiment of that name if it fits the scenario.
func findExperiment(name string, s Scenario) (experiment, bool) {
	for _, x := range append(retired(), experiments()...) {
		if x.Name == name && x.applies(s) {
			return x, true
		}
	}
	return experiment{}, false
}

// tamper changes a character in the middle: the last one of base64 may carry
// bits that do not count.
func tamper(token string) string {
	middle := len(token) / 2
	other := "A"
	if strings.HasPrefix(token[middle:], other) {
		other = "B"
	}
	return token[:middle] + other + token[middle+1:]
}
