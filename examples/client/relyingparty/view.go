package relyingparty

import (
	"fmt"
	"strings"
)

// frame is the data of the layout of every page.
type frame struct {
	Title     string
	Issuer    string
	Endpoints endpoints
}

// indexPage is the list of scenarios.
type indexPage struct {
	frame
	Scenarios []scenarioView
}

type scenarioView struct {
	Scenario
	Kinds       []string // "confidential", "trusted", …
	RedirectURI string
}

// runPage shows all steps of one run.
type runPage struct {
	frame
	Scenario scenarioView
	Progress []progress

	AuthorizationURL string
	Params           []explained
	AuthorizeCurl    string
	Wrong            []wrongRequest

	Answer *answerView

	TokenParams []explained
	TokenCall   *callView
	HasCode     bool
	HasToken    bool

	IDToken   *idToken
	SignOut   bool // the server has a logout for this run
	SignedOut bool

	MePath string
	MeCall *callView

	HasRefreshToken bool
	Refreshed       []replaced
	RefreshCall     *callView
	Retired         []experimentView

	Experiments []experimentView
}

// progress is one step in the navigation at the top.
type progress struct {
	Anchor, Name string
	Done, Failed bool
}

// replaced is a token before and after a refresh.
type replaced struct{ Name, Old, New string }

type answerView struct {
	*answer
	Params []field // masked
}

type experimentView struct {
	experiment
	Missing string
	Slug    string
	Call    *callView
	Open    bool
}

// callView is a request and its response, masked for the page.
type callView struct {
	RequestLine    string
	RequestHeader  []field
	RequestBody    string
	Status         string
	OK             bool
	ResponseHeader []field
	ResponseBody   string
	Cut            bool
	Problem        string // the error of an exchange without a usable response
	Verdict        verdict
	Curl, CurlURL  string
}

// verdict is the conclusion below a call.
type verdict struct {
	Class        string // good, bad, or "" for a neutral one
	Text, Change string
}

func (h *handler) frame(title string, e endpoints) frame {
	return frame{Title: title, Issuer: h.config.Issuer, Endpoints: e}
}

func (h *handler) scenarioView(s Scenario) scenarioView {
	kinds := []string{"confidential"}
	if s.Public {
		kinds = []string{"public"}
	}
	if s.usesPKCE() {
		kinds = append(kinds, "PKCE")
	}
	if s.usesOpenID() {
		kinds = append(kinds, "OpenID Connect")
	}
	if s.Trusted {
		kinds = append(kinds, "trusted")
	}
	if s.Implicit {
		kinds = append(kinds, "implicit")
	}
	return scenarioView{Scenario: s, Kinds: kinds, RedirectURI: s.RedirectURI(h.config.BaseURL)}
}

// view returns the page of the run. It masks all text that comes from a server or a URL.
func (t *trial) view() runPage {
	r, s := t.run, t.scenario
	m := newMasker(append(r.secrets(), s.ClientSecret)...)
	authorizationURL := t.h.authorizationURL(s, r, t.endpoints)
	page := runPage{
		frame:            t.h.frame(s.Name, t.endpoints),
		Scenario:         t.h.scenarioView(s),
		AuthorizationURL: authorizationURL,
		Params:           explainAuthorization(authorizationURL),
		AuthorizeCurl:    "curl -i " + quote(authorizationURL),
		Wrong:            t.h.wrongRequests(s, r, t.endpoints),
		HasCode:          r.code != "",
		HasToken:         r.accessToken != "",
		HasRefreshToken:  r.refreshToken != "",
		MePath:           t.userEndpoint(),
		IDToken:          r.idToken,
		SignOut:          t.logoutURL() != "",
		SignedOut:        r.signedOut,
		TokenCall:        t.call(m, callToken),
		MeCall:           t.call(m, callMe),
		RefreshCall:      t.call(m, callRefresh),
	}
	if r.answer != nil {
		page.Answer = r.answer.view(m)
	}
	if r.code != "" {
		page.TokenParams = t.tokenParams()
	}
	if r.oldAccessToken != "" {
		page.Refreshed = []replaced{
			{"access token", maskSecret(r.oldAccessToken), maskSecret(r.accessToken)},
			{"refresh token", maskSecret(r.oldRefreshToken), maskSecret(r.refreshToken)},
		}
	}
	page.Retired = t.experiments(m, retired())
	page.Experiments = t.experiments(m, experiments())
	page.Progress = t.progress()
	return page
}

func (a *answer) view(m masker) *answerView {
	v := &answerView{answer: a}
	for _, param := range a.Params {
		v.Params = append(v.Params, field{m.text(param.Name), m.param(param.Name, param.Value)})
	}
	masked := *a
	masked.ErrorDescription = m.text(a.ErrorDescription)
	v.answer = &masked
	return v
}

// tokenParams lists the parameters of the token request with their purpose.
func (t *trial) tokenParams() []explained {
	s := t.scenario
	list := []explained{
		{"grant_type", "authorization_code", "The kind of grant that the client exchanges for a token."},
		{"code", maskSecret(t.run.code), "The code from step 2. It can be used once, within some minutes."},
		{"redirect_uri", s.RedirectURI(t.h.config.BaseURL), "Exactly the redirect_uri of step 1."},
	}
	switch {
	case s.Public:
		list = append(list, explained{"client_id", s.ClientID, "The app that sends the request. It is public and has no secret."})
	case s.Basic:
		list = append(list, explained{"Authorization: Basic", maskSecret(s.ClientSecret), "The client ID and the client secret in a header (client_secret_basic)."})
	default:
		list = append(list, explained{"client_id", s.ClientID, "The app that sends the request."},
			explained{"client_secret", maskSecret(s.ClientSecret), "The proof of the app's identity (client_secret_post)."})
	}
	if t.run.verifier != "" {
		list = append(list, explained{"code_verifier", t.run.verifier, "PKCE: the secret. Its SHA-256 hash is the code_challenge of step 1."})
	}
	if s.Resource != "" {
		list = append(list, explained{"resource", s.Resource, "The resource of step 1."})
	}
	return list
}

// call returns the view of a call, or nil if the call was not made.
func (t *trial) call(m masker, name string) *callView {
	e := t.run.calls[name]
	if e == nil {
		return nil
	}
	v := &callView{
		RequestLine:  e.Method + " " + m.url(e.URL),
		RequestBody:  m.form(e.RequestBody),
		Status:       m.text(e.Status),
		OK:           e.ok() && e.Err == nil,
		ResponseBody: m.body(e.ResponseBody),
		Cut:          e.Cut,
		Curl:         curlCommand(e, t.scenario, false),
		CurlURL:      "/" + t.scenario.Slug + "/curl/" + name,
	}
	for _, h := range e.RequestHeader {
		v.RequestHeader = append(v.RequestHeader, m.header(h))
	}
	for _, h := range sortedHeader(e.ResponseHeader) {
		v.ResponseHeader = append(v.ResponseHeader, m.header(h))
	}
	if e.Err != nil {
		v.Problem = m.text(e.Err.Error())
	}
	if !v.OK {
		why := adviceOnCall(e)
		v.Verdict = verdict{"bad", why.Meaning, why.Change}
	}
	return v
}

// experiments returns the views of the experiments that apply to the scenario. The newest
// result is open.
func (t *trial) experiments(m masker, list []experiment) []experimentView {
	var views []experimentView
	for _, x := range list {
		if !x.applies(t.scenario) {
			continue
		}
		v := experimentView{experiment: x, Missing: x.missing(t.run), Slug: t.scenario.Slug,
			Call: t.call(m, x.Name), Open: t.run.last == x.Name}
		if v.Call != nil && t.run.calls[x.Name].Err == nil {
			v.Call.Verdict = x.verdict(t.run.calls[x.Name])
		}
		views = append(views, v)
	}
	return views
}

// verdict says whether the server responded as expected.
func (x experiment) verdict(e *exchange) verdict {
	switch {
	case !e.ok():
		reason := errorCode(e.ResponseBody)
		if reason == "" {
			reason = e.Status
		}
		return verdict{Class: "good", Text: fmt.Sprintf("The server refused the request with %q, as expected.", reason), Change: adviceOnCall(e).Meaning}
	case x.Graced:
		return verdict{Text: "The server accepted the request. That is right for a short time after the refresh, and wrong later. Try again in a few minutes."}
	}
	return verdict{Class: "bad", Text: "The server accepted the request. A server that follows the RFCs refuses it."}
}

func (t *trial) progress() []progress {
	r := t.run
	list := []progress{
		{Anchor: "#step-1", Name: "Request", Done: r.answer != nil},
		{Anchor: "#step-2", Name: "Response", Done: r.answer != nil && r.answer.Accepted, Failed: r.answer != nil && !r.answer.Accepted},
		{Anchor: "#step-3", Name: "Token", Done: r.accessToken != ""},
		{Anchor: "#step-4", Name: "User"},
		{Anchor: "#step-5", Name: "Refresh"},
	}
	for i, name := range []string{callToken, callMe, callRefresh} {
		if e := r.calls[name]; e != nil {
			list[2+i].Done = e.ok() && e.Err == nil
			list[2+i].Failed = !list[2+i].Done
		}
	}
	if t.scenario.Implicit || t.scenario.Public {
		list = list[:4]
	}
	return append(list, progress{Anchor: "#wrong", Name: "Wrong requests"})
}

// Kind returns the kinds as text.
func (v scenarioView) Kind() string { return strings.Join(v.Kinds, ", ") }
