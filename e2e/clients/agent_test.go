package clients_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

// userAgent is the browser of a user. A client program posts an authorization URL to
// it. The response is the URL of the client to which the gateway finally redirects
// the browser.
type userAgent struct {
	browser *http.Client
	gateway *url.URL
	user    user
}

// startUserAgent starts a user agent and returns its URL. A request to it looks like
// this:
//
//	POST /?decision=deny      (the default is allow)
//	http://127.0.0.1:8065/oauth/authorize?…
func startUserAgent(t *testing.T, g *gateway, u user) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	site, err := url.Parse(g.url)
	require.NoError(t, err)
	agent := &userAgent{gateway: site, user: u, browser: &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	server := httptest.NewServer(agent)
	t.Cleanup(server.Close)
	return server.URL
}

func (a *userAgent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		decision := r.URL.Query().Get("decision")
		if decision == "" {
			decision = "allow"
		}
		var answer string
		if answer, err = a.visit(string(body), decision); err == nil {
			_, _ = io.WriteString(w, answer) // If writing fails, the client program fails.
			return
		}
	}
	http.Error(w, err.Error(), http.StatusBadGateway)
}

// visit goes from page to page until the gateway redirects to another site.
func (a *userAgent) visit(address, decision string) (string, error) {
	at, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return "", err
	}
	const most = 10
	request, err := http.NewRequest(http.MethodGet, at.String(), nil)
	for range most {
		if err != nil {
			return "", err
		}
		if at.Scheme != a.gateway.Scheme || at.Host != a.gateway.Host {
			return at.String(), nil
		}
		if request, err = a.step(request, decision); err == nil {
			at = request.URL
		}
	}
	return "", fmt.Errorf("more than %d pages, the last one at %s", most, at)
}

// step sends a request and returns the next request of the user.
func (a *userAgent) step(request *http.Request, decision string) (*http.Request, error) {
	res, err := a.browser.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // The body was only read.
	if location, err := res.Location(); err == nil {
		return http.NewRequest(http.MethodGet, location.String(), nil)
	}
	page, err := goquery.NewDocumentFromReader(res.Body)
	if err != nil {
		return nil, err
	}
	form, fields := page.Find("main form"), url.Values{}
	form.Find("input[type=hidden]").Each(func(_ int, input *goquery.Selection) {
		fields.Set(input.AttrOr("name", ""), input.AttrOr("value", ""))
	})
	switch {
	case form.Find("[name=login_id]").Length() == 1 && form.Find("[aria-invalid]").Length() == 0:
		fields.Set("login_id", a.user.name)
		fields.Set("password", a.user.password)
	case form.Find("[name=decision]").Length() > 0:
		fields.Set("decision", decision)
	default:
		return nil, fmt.Errorf("%s %s: %s: %s", request.Method, request.URL, res.Status, strings.Join(strings.Fields(page.Find("main").Text()), " "))
	}
	action, err := request.URL.Parse(form.AttrOr("action", ""))
	if err != nil {
		return nil, err
	}
	next, err := http.NewRequest(http.MethodPost, action.String(), strings.NewReader(fields.Encode()))
	if err != nil {
		return nil, err
	}
	next.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return next, nil
}
