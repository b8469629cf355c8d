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

// ourSecret matches the prefixes of codes and tokens.
var ourSecret = regexp.MustCompile(`gth[acr]_`)

// send sends a request without cookies. The headers are names and values in turn.
func send(t *testing.T, g *testkit.Gateway, method, path, body string, headers ...string) testkit.Answer {
	t.Helper()
	return sendFrom(t, g.NewBrowser(t), g, method, path, body, headers...)
}

// sendFrom sends a request from a browser. The headers are names and values in turn.
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

// raw sends bytes without changing them, and returns the first response. It returns
// 0 and "" if the gateway closes the connection without a response.
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

// about sends a token and the credentials of an app to the introspection or the
// revocation endpoint.
func about(t *testing.T, g *testkit.Gateway, endpoint string, app testkit.App, token string) testkit.Answer {
	t.Helper()
	values := url.Values{"token": {token}, "client_id": {app.ID}}
	if !app.IsPublic {
		values.Set("client_secret", app.Secret)
	}
	return send(t, g, http.MethodPost, endpoint, values.Encode(), "Content-Type", form)
}

// grant authorizes an app and redeems the code.
func grant(t *testing.T, g *testkit.Gateway, b *testkit.Browser, app testkit.App) testkit.TokenAnswer {
	t.Helper()
	return g.Redeem(t, app, b.Code(t, app))
}
