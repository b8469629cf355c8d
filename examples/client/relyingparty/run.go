package relyingparty

import (
	"crypto/rand"

	"golang.org/x/oauth2"
)

// The names of the calls of a run. The call of an experiment has the experiment's name.
const (
	callToken   = "token"
	callMe      = "me"
	callRefresh = "refresh"
)

// run is one authorization of one scenario, from the URL to the tokens.
type run struct {
	state    string // CSRF protection of the redirect (RFC 6749 §10.12)
	verifier string // PKCE (RFC 7636 §4.1); empty without PKCE
	nonce    string // of the ID token (OpenID Connect Core §3.1.2.1); empty without OpenID Connect

	answer *answer // the authorization response; nil before it arrives

	code         string // of an accepted response
	accessToken  string
	refreshToken string
	idToken      *idToken // of the token response; nil without OpenID Connect
	signedOut    bool     // the run before ended with the logout
	// The tokens that the last refresh replaced.
	oldAccessToken, oldRefreshToken string
	// Tokens that the server issued for experiments, against expectation. They are kept only
	// to mask them.
	strays []string

	calls map[string]*exchange
	last  string // the name of the newest call
}

func newRun(s Scenario) *run {
	r := &run{state: rand.Text(), calls: map[string]*exchange{}}
	if s.usesPKCE() {
		r.verifier = oauth2.GenerateVerifier()
	}
	if s.usesOpenID() {
		r.nonce = rand.Text()
	}
	return r
}

// keep stores a call under its name.
func (r *run) keep(name string, e *exchange) {
	r.calls[name] = e
	r.last = name
}

// secrets returns the values that pages never show in full.
func (r *run) secrets() []string {
	all := []string{r.code, r.accessToken, r.refreshToken, r.oldAccessToken, r.oldRefreshToken}
	if r.answer != nil {
		all = append(all, r.answer.secrets()...)
	}
	if r.idToken != nil {
		all = append(all, r.idToken.raw)
	}
	return append(all, r.strays...)
}

// done reports whether the call was made and succeeded.
func (r *run) done(name string) bool {
	e := r.calls[name]
	return e != nil && e.ok()
}
