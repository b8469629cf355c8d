package attacks_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testkit"
)

const form = "application/x-www-form-urlencoded"

// ourSecret is how codes and tokens begin.
var ourSecret = regexp.MustCompile(`gth[acr]_`)

// send sends a request with headers, names and values in turn, from nobody's browser.
func send(t *testing.T, g *testkit.Gateway, method, path, body string, headers ...string) testkit.Answer {
	t.Helper()
	return sendFrom(t, g.NewBrowser(t), g, method, path, body, headers...)
}

// sendFrom is send from somebody's browser.
func sendFrom(t *testing.T, b *testkit.Browser, g *testkit.Gateway, method, path, body string, headers ...string) testkit.Answer {
	t.Helper()
	r, err := http.NewRequest(method, g.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	return b.Do(t, r)
}

// raw sends bytes as they are, and returns the whole answer of the first
// response; "" if the connection was closed without one.
func raw(t *testing.T, g *testkit.Gateway, request string) (status int, response string) {
	t.Helper()
	site, err := url.Parse(g.URL)
	require.NoError(t, err)
	c, err := net.Dial("tcp", site.Host)
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	_, err = io.WriteString(c, request)
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	var b strings.Builder
	require.NoError(t, res.Header.Write(&b))
	return res.StatusCode, b.String() + "\n" + string(body)
}

// about asks one of the endpoints that take a token and client credentials.
func about(t *testing.T, g *testkit.Gateway, endpoint string, app testkit.App, token string) testkit.Answer {
	t.Helper()
	values := url.Values{"token": {token}, "client_id": {app.ID}}
	if !app.IsPublic {
		values.Set("client_secret", app.Secret)
	}
	return send(t, g, http.MethodPost, endpoint, values.Encode(), "Content-Type", form)
}

// grant takes an app through the whole flow.
func grant(t *testing.T, g *testkit.Gateway, b *testkit.Browser, app testkit.App) testkit.TokenAnswer {
	t.Helper()
	return g.Redeem(t, app, b.Code(t, app))
}
