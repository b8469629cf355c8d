package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"gatehouse/internal/web"
)

// readyTimeout is how long the database may take to say that it is there.
const readyTimeout = 2 * time.Second

// healthz says that the process is up. It is for what restarts processes, so it
// must not depend on anything that a restart does not mend.
func (s *site) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	_ = web.WriteStatusOK(w) // It is made of strings: it cannot fail.
}

// readyz says whether requests can be served: it is for load balancers.
func (s *site) readyz(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		s.Log.LogAttrs(r.Context(), slog.LevelWarn, "not ready", slog.Any("error", err), slog.String("request_id", web.RequestID(r.Context())))
		s.refuse(w, r, &web.Error{
			Status: http.StatusServiceUnavailable, ID: "api.context.unavailable.app_error",
			Message: "The database cannot be reached, or is not migrated. The log of the gateway has the details.",
		})
		return
	}
	_ = web.WriteStatusOK(w) // It is made of strings: it cannot fail.
}
