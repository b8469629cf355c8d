package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

// browser keeps cookies, follows redirects and submits forms. It does not follow the
// redirect that sends an authorization response to the app.
type browser struct {
	http.Client
	mu      sync.Mutex
	secrets []string // every value that it saw or sent and that must not be in a log
}

// credentials are the username or email and the password of a user.
type credentials struct{ login, password string }

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	b := &browser{}
	b.Jar = jar
	b.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		r.Header.Del("Origin") // net/http keeps it; browsers do not send it with the GET after a form
		if r.URL.Query().Has("code") || r.URL.Query().Has("error") {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return b
}

func (b *browser) remember(secrets ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range secrets {
		if s != "" {
			b.secrets = append(b.secrets, s)
		}
	}
}

// page is the page in a browser.
type page struct {
	*goquery.Document
	status  int
	url     *url.URL
	answer  url.Values // the authorization response, if the browser was sent to the app
	cookies []*http.Cookie
}

func (b *browser) get(t *testing.T, address string) page {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	return b.load(t, r)
}

func (b *browser) load(t *testing.T, r *http.Request) page {
	t.Helper()
	p, err := b.fetch(r)
	require.NoError(t, err)
	return p
}

func (b *browser) fetch(r *http.Request) (page, error) {
	res, err := b.Do(r)
	if err != nil {
		return page{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return page{}, err
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(body)))
	p := page{Document: doc, status: res.StatusCode, url: res.Request.URL, cookies: res.Cookies()}
	if location, err := res.Location(); err == nil {
		p.answer = location.Query()
		b.remember(p.answer.Get("code"))
	}
	for _, c := range b.Jar.Cookies(res.Request.URL) {
		if c.Name != "MMUSERID" { // an id is not a secret
			b.remember(c.Value)
		}
	}
	doc.Find(`input[name="csrf_token"]`).Each(func(_ int, s *goquery.Selection) { b.remember(s.AttrOr("value", "")) })
	return p, err
}

// submit submits the form that has a field with this name. values are added to its
// hidden fields.
func (b *browser) submit(t *testing.T, p page, field string, values url.Values) page {
	t.Helper()
	r, err := p.form(field, values)
	require.NoError(t, err)
	return b.load(t, r.WithContext(t.Context()))
}

func (p page) form(field string, values url.Values) (*http.Request, error) {
	form := p.Find("form").FilterFunction(func(_ int, s *goquery.Selection) bool {
		return s.Find(`[name="`+field+`"]`).Length() > 0
	}).First()
	if form.Length() == 0 {
		html, _ := p.Html()
		return nil, &noForm{field, html}
	}
	filled := url.Values{}
	form.Find(`input[type="hidden"]`).Each(func(_ int, s *goquery.Selection) { filled.Set(s.AttrOr("name", ""), s.AttrOr("value", "")) })
	for name := range values {
		filled.Set(name, values.Get(name))
	}
	action, err := p.url.Parse(form.AttrOr("action", ""))
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(http.MethodPost, action.String(), strings.NewReader(filled.Encode())) //nolint:noctx // the caller adds the context
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", p.url.Scheme+"://"+p.url.Host)
	return r, nil
}

type noForm struct{ field, html string }

func (e *noForm) Error() string { return fmt.Sprintf("no form has a field %q:\n%s", e.field, e.html) }

// signIn submits the sign-in page p.
func (b *browser) signIn(t *testing.T, p page, user credentials) page {
	t.Helper()
	b.remember(user.password)
	return b.submit(t, p, "login_id", url.Values{"login_id": {user.login}, "password": {user.password}})
}

// authorize opens the authorization URL of an app, signs in and consents if a page asks
// for it, and returns the code.
func (b *browser) authorize(t *testing.T, address string, user credentials) (code string) {
	t.Helper()
	p := b.get(t, address)
	if p.Find(`[name="login_id"]`).Length() > 0 {
		p = b.signIn(t, p, user)
	}
	if p.Find(`[name="decision"]`).Length() > 0 {
		p = b.submit(t, p, "decision", url.Values{"decision": {"allow"}})
	}
	html, _ := p.Html()
	require.NotEmpty(t, p.answer.Get("code"), "status %d at %s: %v\n%s", p.status, p.url, p.answer, html)
	return p.answer.Get("code")
}
