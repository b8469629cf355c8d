package relyingparty

import (
	"crypto/rand"

	"golang.org/x/oauth2"
)

// The calls of a run, by name. Experiments are kept under their own names.
const (
	callToken   = "token"
	callMe      = "me"
	callRefresh = "refresh"
)

// run is one authorization of one scenario, from the URL to the tokens.
type run struct {
	state    string // CSRF protection of the redirect (RFC 6749 §10.12)
	verifier string // PKCE (RFC 7636 §4.1); empty when not used

	answer *answer // what came back on the redirect; nil before

	code         string // of an accepted answer
	accessToken  string
	refreshToken string
	// What the last refresh replaced.
	oldAccessToken, oldRefreshToken string
	// What experiments got, against expectation; only for masking.
	strays []string

	calls map[string]*exchange
	last  string // name of the newest call
}

func newRun(s Scenario) *run {
	r := &run{state: rand.Text(), calls: map[string]*exchange{}}
	if s.usesPKCE() {
		r.verifier = oauth2.GenerateVerifier()
	}
	return r
}

// keep remembers a call under its name.
func (r *run) keep(name string, e *exchange) {
	r.calls[name] = e
	r.last = name
}

// secrets are the values that pages never show whole.
func (r *run) secrets() []string {
	all := []string{r.code, r.accessToken, r.refreshToken, r.oldAccessToken, r.oldRefreshToken}
	if r.answer != nil {
		all = append(all, r.answer.secrets()...)
	}
	return append(all, r.strays...)
}

// done reports whether the call has been made and was answered with success.
func (r *run) done(name string) bool {
	e := r.calls[name]
	return e != nil && e.ok()
}
