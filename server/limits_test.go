package server_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/internal/web"
)

func TestURILimit(t *testing.T) {
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

func TestBodyLimit(t *testing.T) {
	s := newSite(t, nil)
	require.Equal(t, http.StatusOK, s.send(request("POST", "/read", strings.Repeat("x", 300512))).Code)
	w := s.send(request("POST", "/read", strings.Repeat("x", 300513)))
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	require.Contains(t, w.Body.String(), "api.context.request_body_too_large.app_error")
}

func TestSilentDatabaseBecomes503InTenSeconds(t *testing.T) {
	silent := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done() // as a query to the database does
		web.WriteJSONError(w, r, slog.New(slog.DiscardHandler), fmt.Errorf("storage: query: %w: %w", gatehouse.ErrUnavailable, r.Context().Err()))
	})
	s := newSite(t, nil, web.Route{Method: "GET", Path: "/api/v4/silent", Handler: silent})
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := s.get("/api/v4/silent")
		require.Equal(t, 10*time.Second, time.Since(start))
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		require.NotEmpty(t, w.Header().Get("Retry-After"))
	})
}
