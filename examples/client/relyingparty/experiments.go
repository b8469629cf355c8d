package relyingparty

import (
	"context"
	"strings"

	"golang.org/x/oauth2"
)

// The values that experiments send instead of the right ones.
const (
	unknownClientID    = "zzzzzzzzzzzzzzzzzzzzzzzzzz" // 26 characters, like a real one
	wrongSecret        = "this-is-not-the-secret"
	madeUpRefreshToken = "a-refresh-token-that-no-server-issued"
)

// experiment is a wrong request. It shows how a server refuses it.
type experiment struct {
	Name, Title string
	Sends       string // what is wrong with the request
	Expect      string // the response of a server that follows the RFCs
	// Graced means that a server may accept the request for a short time after a refresh.
	Graced bool

	applies func(Scenario) bool
	missing func(*run) string // what the user must do first; "" if nothing is missing
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

// retired returns the experiments with tokens that a refresh replaced. The page shows them
// in step 5, and the other experiments in the list of wrong requests.
func retired() []experiment {
	return []experiment{
		{
			Name: "old-access-token", Title: "Use the old access token",
			Sends:  "The request of step 4 with the access token that the refresh replaced.",
			Expect: "401. A server may accept the token for some more seconds, for requests that are already running.",
			Graced: true, applies: hasSecret, missing: needsRefresh,
			call: func(ctx context.Context, t *trial) (*oauth2.Token, *exchange) {
				return nil, t.h.requestMe(ctx, t.endpoints.Me, t.run.oldAccessToken)
			},
		},
		{
			Name: "old-refresh-token", Title: "Use the old refresh token",
			Sends:  "The request of step 5 with the refresh token that was already used.",
			Expect: "For a short time, the same new tokens again, for a client that lost the response. Later the server treats it as theft: it answers invalid_grant and also revokes the new tokens (RFC 9700 §4.14.2).",
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
			Sends:   "The token request with another redirect_uri than in step 1.",
			Expect:  "invalid_grant (RFC 6749 §5.2). The code stays valid.",
			applies: codeFlow, missing: needsCode,
			call: func(ctx context.Context, t *trial) (*oauth2.Token, *exchange) {
				return t.redeem(ctx, t.run.verifier, func(c *oauth2.Config) { c.RedirectURL += "-of-an-attacker" })
			},
		},
		{
			Name: "no-code-verifier", Title: "No code_verifier",
			Sends:   "The token request without the secret of the code_challenge. An attacker who stole the code can send only this.",
			Expect:  "invalid_grant (RFC 7636 §4.6).",
			applies: Scenario.usesPKCE, missing: needsCode,
			call: func(ctx context.Context, t *trial) (*oauth2.Token, *exchange) {
				return t.redeem(ctx, "", nil)
			},
		},
		{
			Name: "wrong-client-secret", Title: "Wrong client secret",
			Sends:   "The token request with client_secret=" + wrongSecret + ".",
			Expect:  "401 invalid_client (RFC 6749 §5.2). The code stays valid.",
			applies: hasSecret, missing: needsCode,
			call: func(ctx context.Context, t *trial) (*oauth2.Token, *exchange) {
				return t.redeem(ctx, t.run.verifier, func(c *oauth2.Config) { c.ClientSecret = wrongSecret })
			},
		},
		{
			Name: "unknown-client", Title: "Unknown client",
			Sends:   "The token request with a client_id that does not exist.",
			Expect:  "401 invalid_client (RFC 6749 §5.2).",
			applies: codeFlow, missing: needsCode,
			call: func(ctx context.Context, t *trial) (*oauth2.Token, *exchange) {
				return t.redeem(ctx, t.run.verifier, func(c *oauth2.Config) { c.ClientID = unknownClientID })
			},
		},
		{
			Name: "replayed-code", Title: "The same code again",
			Sends:   "The token request of step 3 a second time, unchanged.",
			Expect:  "invalid_grant. The server also revokes the tokens of the first use (RFC 6749 §4.1.2). Repeat step 4 to see it.",
			applies: codeFlow, missing: needsRedeemedCode,
			call: func(ctx context.Context, t *trial) (*oauth2.Token, *exchange) {
				return t.redeem(ctx, t.run.verifier, nil)
			},
		},
		{
			Name: "public-refresh", Title: "Refresh as a public app",
			Sends:   "A token request with grant_type=refresh_token, without a client secret and with an invented token. This app never received a refresh token.",
			Expect:  "unauthorized_client or invalid_grant, because public apps get no refresh tokens.",
			applies: func(s Scenario) bool { return s.Public && !s.Implicit }, missing: needsNothing,
			call: func(ctx context.Context, t *trial) (*oauth2.Token, *exchange) {
				return t.refresh(ctx, madeUpRefreshToken)
			},
		},
		{
			Name: "tampered-token", Title: "An access token with one character changed",
			Sends:   "The request of step 4 with a changed access token.",
			Expect:  "401 with a WWW-Authenticate header (RFC 6750 §3).",
			applies: anyGrant, missing: needsToken,
			call: func(ctx context.Context, t *trial) (*oauth2.Token, *exchange) {
				return nil, t.h.requestMe(ctx, t.endpoints.Me, tamper(t.run.accessToken))
			},
		},
	}
}

// findExperiment returns the experiment with this name if it applies to the scenario.
func findExperiment(name string, s Scenario) (experiment, bool) {
	for _, x := range append(retired(), experiments()...) {
		if x.Name == name && x.applies(s) {
			return x, true
		}
	}
	return experiment{}, false
}

// tamper changes a character in the middle of a token. Some bits of the last base64
// character can be unused.
func tamper(token string) string {
	middle := len(token) / 2
	other := "A"
	if strings.HasPrefix(token[middle:], other) {
		other = "B"
	}
	return token[:middle] + other + token[middle+1:]
}
