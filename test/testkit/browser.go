package testkit

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"gatehouse"
)

// Browser keeps cookies and does not follow redirects.
type Browser struct {
	*http.Client
	g    *Gateway
	User gatehouse.User
}

// NewBrowser returns a browser without cookies.
func (g *Gateway) NewBrowser(t *testing.T) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &Browser{g: g, Client: &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// SignedIn returns a browser with a new session of the user.
func (g *Gateway) SignedIn(t *testing.T, user gatehouse.User) *Browser {
	t.Helper()
	b := g.NewBrowser(t)
	b.SignIn(t, user)
	return b
}

// SignIn gives the browser a new session of the user.
func (b *Browser) SignIn(t *testing.T, user gatehouse.User) {
	t.Helper()
	b.SignInAt(t, user, time.Now())
}

// SignInAt gives the browser a session of the user that began at a time.
func (b *Browser) SignInAt(t *testing.T, user gatehouse.User, now time.Time) {
	t.Helper()
	b.User = user
	token := gatehouse.NewSecret()
	require.NoError(t, b.g.Store.CreateSession(context.Background(), gatehouse.Session{
		ID: gatehouse.NewID(), TokenHash: gatehouse.HashSecret(token), UserID: user.ID,
		CreateAt: now, LastSeenAt: now, ExpiresAt: now.Add(gatehouse.SessionLifetime),
	}))
	site, err := url.Parse(b.g.URL)
	require.NoError(t, err)
	b.Jar.SetCookies(site, []*http.Cookie{{Name: "MMAUTHTOKEN", Value: token, Path: "/"}})
}

// Answer is a response: a redirect to an app, or a page for the user.
type Answer struct {
	Status   int
	Header   http.Header
	Location string
	Query    url.Values // of the redirect, or of its fragment
	Body     string
}

// Code returns the authorization code in the answer, or "".
func (a Answer) Code() string { return a.Query.Get("code") }

// Page parses the page in the answer.
func (a Answer) Page(t *testing.T) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(a.Body))
	require.NoError(t, err)
	return doc
}

// Do sends a request and reads the response.
func (b *Browser) Do(t *testing.T, r *http.Request) Answer {
	t.Helper()
	res, err := b.Client.Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	a := Answer{Status: res.StatusCode, Header: res.Header, Location: res.Header.Get("Location"), Body: string(body)}
	if u, err := url.Parse(a.Location); err == nil && a.Location != "" {
		a.Query = u.Query()
		if fragment, err := url.ParseQuery(u.Fragment); err == nil && u.Fragment != "" {
			a.Query = fragment
		}
	}
	return a
}

// Authorize sends the authorization request of AuthorizeQuery.
func (b *Browser) Authorize(t *testing.T, app App, changes ...string) Answer {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.g.URL+"/oauth/authorize?"+AuthorizeQuery(app, changes...).Encode(), nil)
	require.NoError(t, err)
	return b.Do(t, r)
}

// AuthorizeQuery returns the query of an authorization request for a code, with
// changes: "name=value" sets a parameter, "-name" removes it.
func AuthorizeQuery(app App, changes ...string) url.Values {
	q := url.Values{"client_id": {app.ID}, "response_type": {"code"}, "redirect_uri": {RedirectURI}, "state": {"xyz"}}
	if app.IsPublic {
		q.Set("code_challenge", Challenge)
		q.Set("code_challenge_method", "S256")
	}
	return change(q, changes)
}

// Decide submits the form of a consent page with a decision, "allow" or "deny".
func (b *Browser) Decide(t *testing.T, page Answer, decision string) Answer {
	t.Helper()
	form := page.Page(t).Find("form").FilterFunction(func(_ int, s *goquery.Selection) bool {
		return s.Find(`[name="decision"]`).Length() > 0
	})
	require.Equal(t, 1, form.Length(), "a consent page: %s", page.Body)
	action, _ := form.Attr("action")
	values := url.Values{"decision": {decision}}
	form.Find("input[type=hidden]").Each(func(_ int, s *goquery.Selection) {
		values.Set(s.AttrOr("name", ""), s.AttrOr("value", ""))
	})
	r, err := http.NewRequest(http.MethodPost, b.g.URL+action, strings.NewReader(values.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.showForm(t, b.Do(t, r))
}

// Code sends an authorization request, allows it if a consent page asks, and returns
// the code. The changes are those of AuthorizeQuery.
func (b *Browser) Code(t *testing.T, app App, changes ...string) string {
	t.Helper()
	a := b.Authorize(t, app, changes...)
	if a.Status == http.StatusOK {
		a = b.Decide(t, a, "allow")
	}
	require.NotEmpty(t, a.Code(), "a code: %d %s %s", a.Status, a.Location, a.Body)
	return a.Code()
}

// Verifier and Challenge are the PKCE pair of RFC 7636, appendix B.
const (
	Verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// TokenAnswer is a response of the token endpoint.
type TokenAnswer struct {
	Status int
	Header http.Header
	Raw    string

	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	Scope        string `json:"scope"`
	RefreshToken string `json:"refresh_token"`
	Audience     string `json:"audience"`
	IDToken      string `json:"id_token"`

	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
	ID               string `json:"id"`
	Message          string `json:"message"`
	StatusCode       int    `json:"status_code"`
	RequestID        string `json:"request_id"`
}

// Token sends a form to the token endpoint.
func (g *Gateway) Token(t *testing.T, form url.Values) TokenAnswer {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, g.URL+"/oauth/access_token", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return g.SendToken(t, r)
}

// SendToken sends a request and reads the response as one of the token endpoint.
func (g *Gateway) SendToken(t *testing.T, r *http.Request) TokenAnswer {
	t.Helper()
	a := TokenAnswer{}
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(body, &a), "%s", body)
	a.Status, a.Header, a.Raw = res.StatusCode, res.Header, string(body)
	return a
}

// RedeemForm returns the form that redeems a code, with changes as in
// AuthorizeQuery.
func RedeemForm(app App, code string, changes ...string) url.Values {
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {app.ID}, "code": {code}, "redirect_uri": {RedirectURI}}
	if app.IsPublic {
		form.Set("code_verifier", Verifier)
	} else {
		form.Set("client_secret", app.Secret)
	}
	return change(form, changes)
}

// RefreshForm returns the form that refreshes, with changes as in AuthorizeQuery.
func RefreshForm(app App, token string, changes ...string) url.Values {
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {app.ID}, "refresh_token": {token}}
	if !app.IsPublic {
		form.Set("client_secret", app.Secret)
	}
	return change(form, changes)
}

// Redeem redeems a code and requires tokens.
func (g *Gateway) Redeem(t *testing.T, app App, code string, changes ...string) TokenAnswer {
	t.Helper()
	a := g.Token(t, RedeemForm(app, code, changes...))
	require.Equal(t, http.StatusOK, a.Status, a.Raw)
	return a
}

// Me requests users/me with a token, and returns the status and the id of the user.
func (g *Gateway) Me(t *testing.T, token string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, g.URL+"/api/v4/users/me", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	var user struct{ ID string }
	_ = json.NewDecoder(res.Body).Decode(&user)
	return res.StatusCode, user.ID
}

func change(values url.Values, changes []string) url.Values {
	for _, c := range changes {
		if name, ok := strings.CutPrefix(c, "-"); ok {
			values.Del(name)
			continue
		}
		name, value, _ := strings.Cut(c, "=")
		values.Set(name, value)
	}
	return values
}
