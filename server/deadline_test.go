package server_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/internal/web"
)

func TestASilentDatabaseIsA503WithinTenSeconds(t *testing.T) {
	silent := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done() // as a query does
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
