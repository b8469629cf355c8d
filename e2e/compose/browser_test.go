package compose_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

// password is the password of all users.
const password = "correct horse battery"

// newUser creates a user who can sign in.
func newUser(t *testing.T, name string) {
	t.Helper()
	command(gatehouse).newUser(t, name)
}

func (run command) newUser(t *testing.T, name string) {
	t.Helper()
	run(t, "user", "create", "--username", name, "--email", name+"@example.com", "--password", password)
}

// browser keeps cookies and does not follow redirects. Each request names its route.
type browser struct{ jar http.CookieJar }

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{jar}
}

// answer is a response with its body.
type answer struct {
	*http.Response
	body string
}

func (b *browser) do(via route, r *http.Request) (answer, error) {
	c := http.Client{Transport: via, Jar: b.jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return answer{res, string(body)}, err
}

func (b *browser) get(ctx context.Context, via route, path string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, site()+path, nil)
	if err != nil {
		return answer{}, err
	}
	return b.do(via, r)
}

// submit sends the form of a page that has a field with the given name.
func (b *browser) submit(ctx context.Context, via route, page answer, field string, values url.Values) (answer, error) {
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(page.body))
	if err != nil {
		return answer{}, err
	}
	form := doc.Find("form").FilterFunction(func(_ int, s *goquery.Selection) bool { return s.Find(`[name="`+field+`"]`).Length() > 0 }).First()
	if form.Length() == 0 {
		return answer{}, fmt.Errorf("the page has no form with the field %s: %s\n%s", field, page.Status, page.body)
	}
	filled := url.Values{}
	form.Find(`input[type="hidden"]`).Each(func(_ int, s *goquery.Selection) { filled.Set(s.AttrOr("name", ""), s.AttrOr("value", "")) })
	for name := range values {
		filled.Set(name, values.Get(name))
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, site()+form.AttrOr("action", ""), strings.NewReader(filled.Encode()))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", site())
	return b.do(via, r)
}

// signIn signs a user in on the sign-in page.
func (b *browser) signIn(t *testing.T, via route, name, password string) answer {
	t.Helper()
	page, err := b.get(t.Context(), via, "/login")
	require.NoError(t, err)
	a, err := b.submit(t.Context(), via, page, "login_id", url.Values{"login_id": {name}, "password": {password}})
	require.NoError(t, err)
	require.Equal(t, http.StatusSeeOther, a.StatusCode, a.body)
	return a
}

// errNotNow stands for a response 503 with Retry-After.
var errNotNow = errors.New("503, try again")

// code gets a code for the app. It allows the request if the consent page appears.
func (b *browser) code(ctx context.Context, via route, a app) (string, error) {
	page, err := b.get(ctx, via, "/oauth/authorize?"+a.query())
	if err == nil && page.StatusCode == http.StatusOK {
		page, err = b.submit(ctx, via, page, "decision", url.Values{"decision": {"allow"}})
	}
	if err == nil && strings.HasPrefix(page.Header.Get("Location"), "/oauth/authorize?") {
		page, err = b.get(ctx, via, page.Header.Get("Location")) // the page that says why the form was not carried out
	}
	if err != nil {
		return "", err
	}
	if isRetryLater(page) {
		return "", errNotNow
	}
	location, err := page.Location()
	if err == nil && location.Query().Get("error") == "temporarily_unavailable" {
		return "", errNotNow // RFC 6749 §4.1.2.1: the app would not see a 503
	}
	if err != nil || location.Query().Get("code") == "" {
		return "", fmt.Errorf("no code: %s %s\n%s", page.Status, page.Header.Get("Location"), page.body)
	}
	return location.Query().Get("code"), nil
}

func (b *browser) mustCode(t *testing.T, via route, a app) string {
	t.Helper()
	code, err := b.code(t.Context(), via, a)
	require.NoError(t, err)
	return code
}

// isRetryLater reports whether a response is a 503 with Retry-After.
func isRetryLater(a answer) bool {
	return a.StatusCode == http.StatusServiceUnavailable && a.Header.Get("Retry-After") != ""
}
