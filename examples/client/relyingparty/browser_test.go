package relyingparty_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gatehouse/examples/client/relyingparty"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

// browser uses the client's pages as a user does. It checks that no page contains a secret.
type browser struct {
	t      *testing.T
	base   string
	fake   *fakeServer
	client *http.Client
}

// page is the response to a request.
type page struct {
	*goquery.Document
	Status int
	Header http.Header
	Body   string
	URL    *url.URL
}

func scenarios() []relyingparty.Scenario {
	return []relyingparty.Scenario{
		{Name: "Confidential", Slug: "confidential", ClientID: confidentialID, ClientSecret: confidentialSecret, Scope: "user", Resource: "https://api.example.com/"},
		{Name: "Basic", Slug: "basic", ClientID: confidentialID, ClientSecret: confidentialSecret, Basic: true, NoPKCE: true, Trusted: true},
		{Name: "Public", Slug: "public", ClientID: publicID, Public: true},
		{Name: "Implicit", Slug: "implicit", ClientID: publicID, Public: true, Implicit: true},
	}
}

// start serves the client against the fake server, configured by change.
func start(t *testing.T, fake *fakeServer, change func(*relyingparty.Config)) *browser {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	config := relyingparty.Config{
		BaseURL:   "http://" + server.Listener.Addr().String(),
		Issuer:    fake.URL,
		Scenarios: scenarios(),
	}
	if change != nil {
		change(&config)
	}
	handler, err := relyingparty.New(config)
	require.NoError(t, err)
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{t: t, base: config.BaseURL, fake: fake, client: &http.Client{Jar: jar}}
}

// in returns the same browser for a subtest.
func (b *browser) in(t *testing.T) *browser {
	other := *b
	other.t = t
	return &other
}

func (b *browser) get(place string) page {
	b.t.Helper()
	if strings.HasPrefix(place, "/") {
		place = b.base + place
	}
	response, err := b.client.Get(place) //nolint:bodyclose // read closes it
	require.NoError(b.t, err)
	return b.read(response)
}

func (b *browser) post(path string, form url.Values) page {
	b.t.Helper()
	response, err := b.client.PostForm(b.base+path, form) //nolint:bodyclose // read closes it
	require.NoError(b.t, err)
	return b.read(response)
}

func (b *browser) read(response *http.Response) page {
	b.t.Helper()
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	if !strings.Contains(response.Request.URL.Path, "/curl/") {
		for _, secret := range b.fake.secrets() {
			require.NotContains(b.t, string(body), secret, "a secret is shown at %s", response.Request.URL)
		}
	}
	document, err := goquery.NewDocumentFromReader(strings.NewReader(string(body)))
	require.NoError(b.t, err)
	return page{document, response.StatusCode, response.Header, string(body), response.Request.URL}
}

// authorize follows the link of step 1 and all redirects.
func (b *browser) authorize(slug string) page {
	b.t.Helper()
	return b.get(b.authorizationURL(slug))
}

func (b *browser) authorizationURL(slug string) string {
	b.t.Helper()
	start := b.get("/" + slug)
	place, found := start.Find("#step-1 a.button").Attr("href")
	require.True(b.t, found, "step 1 has no link")
	return place
}

// signIn performs steps 1 to 3.
func (b *browser) signIn(slug string) page {
	b.t.Helper()
	b.authorize(slug)
	return b.post("/"+slug+"/token", nil)
}

// text returns the text of the selected elements with normalized white space.
func (p page) text(selector string) string {
	return strings.Join(strings.Fields(p.Find(selector).Text()), " ")
}
