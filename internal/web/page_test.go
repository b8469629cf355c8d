package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

func TestPageShowsErrors(t *testing.T) {
	renderer, err := templates.New(templates.Site{})
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		err        error
		status     int
		says       string
		retryAfter string
		logged     bool
	}{
		"a refusal":               {&web.Error{Status: 403, ID: "x", Message: "Ask <admin>."}, 403, "Ask &lt;admin&gt;.", "", false},
		"a wrapped refusal":       {fmt.Errorf("outer: %w", web.InvalidURLParam("app_id")), 400, "app_id", "", false},
		"a body too large":        {&http.MaxBytesError{Limit: 1}, 413, "too large", "", false},
		"an unreachable database": {fmt.Errorf("storage: %w: secret detail", gatehouse.ErrUnavailable), 503, "try again in a few seconds", "2", true},
		"another error":           {errors.New("secret detail"), 500, "on our side", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			h := web.Page(slog.New(slog.NewTextHandler(&log, nil)), renderer, func(http.ResponseWriter, *http.Request) error { return tc.err })
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			h.ServeHTTP(w, r.WithContext(web.WithRequestID(r.Context(), "therequestid")))

			require.Equal(t, tc.status, w.Code)
			require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
			require.Equal(t, tc.retryAfter, w.Header().Get("Retry-After"))
			require.Contains(t, w.Body.String(), tc.says)
			require.Contains(t, w.Body.String(), "therequestid")
			require.NotContains(t, w.Body.String(), "secret detail")
			require.Equal(t, tc.logged, bytes.Contains(log.Bytes(), []byte("secret detail")))
		})
	}
}

// C 1.1: a mobile app, which cannot show the page, sends X-Mobile-App and gets JSON.
func TestPageAnswersMobileAppsInJSON(t *testing.T) {
	h := web.Page(slog.New(slog.DiscardHandler), brokenRenderer{}, func(http.ResponseWriter, *http.Request) error { return web.InvalidURLParam("app_id") })
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("X-Mobile-App", "1")
	h.ServeHTTP(w, r)
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.Contains(t, w.Body.String(), "api.context.invalid_url_param.app_error")
}

func TestPageWritesNothingToADisconnectedBrowser(t *testing.T) {
	renderer, err := templates.New(templates.Site{})
	require.NoError(t, err)
	var log bytes.Buffer
	ctx, disconnect := context.WithCancel(t.Context())
	h := web.Page(slog.New(slog.NewTextHandler(&log, nil)), renderer, func(http.ResponseWriter, *http.Request) error {
		disconnect()
		return fmt.Errorf("query: %w", ctx.Err())
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
	require.Empty(t, w.Body.String())
	require.Empty(t, log.String())
}

// brokenRenderer renders no page.
type brokenRenderer struct{}

func (brokenRenderer) Render(http.ResponseWriter, int, templates.Frame, templates.Page) error {
	return errors.New("no template")
}

func TestPageErrorWithoutTemplate(t *testing.T) {
	h := web.Page(slog.New(slog.DiscardHandler), brokenRenderer{}, func(http.ResponseWriter, *http.Request) error { return web.Forbidden(nil) })
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, http.StatusForbidden, w.Code)
	require.Contains(t, w.Body.String(), "appropriate permissions")
}
