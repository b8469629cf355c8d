package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestURIsHaveALimit(t *testing.T) {
	s := newSite(t, nil)
	cases := []struct {
		method, path string
		limit        int
		json         bool
	}{
		{"GET", "/api/v4/users/me", 2048, true},
		{"POST", "/oauth/access_token", 2048, true},
		{"POST", "/oauth/deauthorize", 2048, true},
		{"GET", "/oauth/authorize", 16384, false},
		{"GET", "/", 16384, false},
		{"GET", "/login", 3*16384 + 64, false},
	}
	for _, tc := range cases {
		t.Run(tc.method+" "+tc.path, func(t *testing.T) {
			fits := tc.path + "?" + strings.Repeat("x", tc.limit-len(tc.path)-1)
			require.Equal(t, http.StatusOK, s.send(request(tc.method, fits, "")).Code)

			w := s.send(request(tc.method, fits+"x", ""))
			require.Equal(t, http.StatusRequestURITooLong, w.Code)
			if tc.json {
				var body map[string]any
				require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
				require.Equal(t, "basic_security_check.url.too_long_error", body["id"])
				require.InDelta(t, 414, body["status_code"], 0)
			} else {
				require.Contains(t, w.Header().Get("Content-Type"), "text/html")
			}
		})
	}
}

func TestBodiesHaveALimit(t *testing.T) {
	s := newSite(t, nil)
	require.Equal(t, http.StatusOK, s.send(request("POST", "/read", strings.Repeat("x", 300512))).Code)
	w := s.send(request("POST", "/read", strings.Repeat("x", 300513)))
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	require.Contains(t, w.Body.String(), "api.context.request_body_too_large.app_error")
}
