package signing_test

import (
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testdb"
	"gatehouse/test/testkit"
)

// answer is a response without its body.
type answer struct {
	StatusCode    int
	Header        http.Header
	ContentLength int64
}

func fetch(method, url string, header ...string) (answer, string, error) {
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		return answer{}, "", err
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, "", err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, res.ContentLength}, string(body), err
}

func get(t *testing.T, method, url string, header ...string) (answer, string) {
	t.Helper()
	res, body, err := fetch(method, url, header...)
	require.NoError(t, err)
	return res, body
}

func TestKeySetIsPublicAndCached(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		url := g.URL + "/oauth/jwks"
		res, body := get(t, http.MethodGet, url, "Origin", "https://app.example.com")
		require.Equal(t, http.StatusOK, res.StatusCode, body)
		require.Equal(t, "application/json", res.Header.Get("Content-Type"))
		require.Equal(t, "public, max-age=900", res.Header.Get("Cache-Control"))
		require.Empty(t, res.Header.Get("Expires"))
		require.Equal(t, "*", res.Header.Get("Access-Control-Allow-Origin"))
		require.Regexp(t, `^\{"keys":\[\{"use":"sig","kty":"RSA","kid":"[\w-]{43}","alg":"RS256","n":"[\w-]{342}","e":"AQAB"\},`, body)
		for _, private := range []string{`"d":`, `"p":`, `"q":`, `"dp":`, `"dq":`, `"qi":`, `"k":`} {
			require.NotContains(t, body, private)
		}

		etag := res.Header.Get("ETag")
		require.NotEmpty(t, etag)
		res, again := get(t, http.MethodGet, url)
		require.Equal(t, body, again)
		require.Equal(t, etag, res.Header.Get("ETag"))
		res, empty := get(t, http.MethodGet, url, "If-None-Match", etag)
		require.Equal(t, http.StatusNotModified, res.StatusCode)
		require.Empty(t, empty)
		require.Equal(t, "public, max-age=900", res.Header.Get("Cache-Control"))
		res, empty = get(t, http.MethodHead, url)
		require.Equal(t, http.StatusOK, res.StatusCode)
		require.Empty(t, empty)
		require.EqualValues(t, len(body), res.ContentLength)
		res, _ = get(t, http.MethodPost, url)
		require.Equal(t, http.StatusMethodNotAllowed, res.StatusCode)

		g.Set(t, gatehouse.SettingEnableOpenIDConnect, "false")
		res, body = get(t, http.MethodGet, url)
		require.Equal(t, http.StatusNotImplemented, res.StatusCode)
		require.Contains(t, body, "api.oauth.openid.disabled.app_error")
		g.Set(t, gatehouse.SettingEnableOAuthServiceProvider, "false")
		res, body = get(t, http.MethodGet, url)
		require.Equal(t, http.StatusNotImplemented, res.StatusCode)
		require.Contains(t, body, "api.oauth.jwks.disabled.app_error")
	})
}

// Attack on availability: ask all nodes of a new gateway for the keys at once.
func TestNodesPublishTheSameKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		nodes := testkit.StartNodes(t, url, 3)
		bodies, errs := make([]string, 24), make([]error, 24)
		var wg sync.WaitGroup
		for i := range bodies {
			wg.Go(func() { _, bodies[i], errs[i] = fetch(http.MethodGet, nodes[i%3].URL+"/oauth/jwks") })
		}
		wg.Wait()
		require.Contains(t, bodies[0], `"kty":"EC"`)
		for i, body := range bodies {
			require.NoError(t, errs[i])
			require.Equal(t, bodies[0], body)
		}
	})
}
