package e2e_test

import (
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

// browser keeps cookies, follows redirects, and fills in forms as a person does.
// It stops where an app would receive its answer. What it sees and types that
// must not be in a log, it remembers.
type browser struct {
	http.Client
	mu   sync.Mutex
	seen []string
}

// person is somebody who can sign in.
type person struct{ login, password string }

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	b := &browser{}
	b.Jar = jar
	b.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
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
			b.seen = append(b.seen, s)
		}
	}
}

// page is what the browser shows.
type page struct {
	*goquery.Document
	status  int
	url     *url.URL
	answer  url.Values // what the app was sent, if the browser was sent to it
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
		if c.Name != "MMUSERID" { // an id is no secret
			b.remember(c.Value)
		}
	}
	doc.Find(`input[name="csrf_token"]`).Each(func(_ int, s *goquery.Selection) { b.remember(s.AttrOr("value", "")) })
	return p, err
}

// submit sends the form that has a field of the given name, with more values.
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
	r, err := http.NewRequest(http.MethodPost, action.String(), strings.NewReader(filled.Encode())) //nolint:noctx // the caller adds it
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", p.url.Scheme+"://"+p.url.Host)
	return r, nil
}

type noForm struct{ field, html string }

func (e *noForm) Error() string { return "no form with a field " + e.field + ":\n" + e.html }

// signIn fills in the sign-in page that p is.
func (b *browser) signIn(t *testing.T, p page, who person) page {
	t.Helper()
	b.remember(who.password)
	return b.submit(t, p, "login_id", url.Values{"login_id": {who.login}, "password": {who.password}})
}

// authorize goes where an app sends the browser, signs in and consents if it is
// asked, and returns the code.
func (b *browser) authorize(t *testing.T, address string, who person) (code string) {
	t.Helper()
	p := b.get(t, address)
	if p.Find(`[name="login_id"]`).Length() > 0 {
		p = b.signIn(t, p, who)
	}
	if p.Find(`[name="decision"]`).Length() > 0 {
		p = b.submit(t, p, "decision", url.Values{"decision": {"allow"}})
	}
	html, _ := p.Html()
	require.NotEmpty(t, p.answer.Get("code"), "status %d at %s: %v\n%s", p.status, p.url, p.answer, html)
	return p.answer.Get("code")
}
