package server_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOtherSitesCannotMakeABrowserAct(t *testing.T) {
	const form, json = "application/x-www-form-urlencoded", "application/json"
	s := newSite(t, nil)
	crossSite := []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example.com"}
	cases := []struct {
		name, method, target, contentType string
		header                            []string
		status                            int
		answer                            string // content type of the refusal
	}{
		{"signing in", "POST", "/login", form, crossSite, 403, "text/html; charset=utf-8"},
		{"the consent form", "POST", "/oauth/authorize?client_id=x", form, crossSite, 403, "text/html; charset=utf-8"},
		{"consent by JSON", "POST", "/oauth/authorize", json, crossSite, 403, json},
		{"consent by JSON that claims to be text", "POST", "/oauth/authorize", "text/plain", crossSite, 403, json},
		{"the API", "DELETE", "/api/v4/oauth/apps/x", "", crossSite, 403, json},
		{"taking back consent", "POST", "/oauth/deauthorize", json, crossSite, 403, json},
		{"a neighbouring host", "POST", "/login", form, []string{"Sec-Fetch-Site", "same-site", "Origin", "https://other.example.com"}, 403, "text/html; charset=utf-8"},
		{"an old browser, by its origin", "POST", "/login", form, []string{"Origin", "https://evil.example.com"}, 403, "text/html; charset=utf-8"},
		{"an opaque origin", "POST", "/login", form, []string{"Origin", "null"}, 403, "text/html; charset=utf-8"},

		{"our own page", "POST", "/login", form, []string{"Sec-Fetch-Site", "same-origin", "Origin", "http://gatehouse.example.com"}, 200, ""},
		{"our own page behind a proxy that changes the host", "POST", "/login", form, []string{"Origin", "http://gatehouse.example.com"}, 200, ""},
		{"no browser at all", "POST", "/login", form, nil, 200, ""},
		{"reading", "GET", "/oauth/authorize?client_id=x", "", crossSite, 200, ""},
		{"an app that sends the browser by POST", "POST", "/oauth/authorize", form, crossSite, 200, ""},
		{"the token endpoint, where cookies mean nothing", "POST", "/oauth/access_token", form, crossSite, 200, ""},
		{"registration, where cookies mean nothing", "POST", "/api/v4/oauth/apps/register", json, crossSite, 200, ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			r := request(tc.method, tc.target, "", append([]string{"Content-Type", tc.contentType}, tc.header...)...)
			r.Host = "10.0.0.7:8065"
			w := s.send(r)
			require.Equal(t, tc.status, w.Code)
			if tc.status == http.StatusForbidden {
				require.Equal(t, tc.answer, w.Header().Get("Content-Type"))
			}
		})
	}
}
