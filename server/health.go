package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"gatehouse/internal/web"
)

// readyTimeout is how long the database may take to answer.
const readyTimeout = 2 * time.Second

// healthz reports that the process runs. A supervisor that restarts processes calls it,
// so it does not depend on anything that a restart does not repair.
func (s *site) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	_ = web.WriteStatusOK(w) // It encodes strings only, which cannot fail.
}

// readyz reports whether the process can serve requests. Load balancers call it.
func (s *site) readyz(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := s.ready(ctx); err != nil {
		s.log.LogAttrs(r.Context(), slog.LevelWarn, "not ready", slog.Any("error", err), slog.String("request_id", web.RequestID(r.Context())))
		s.refuse(w, r, &web.Error{
			Status: http.StatusServiceUnavailable, ID: "api.context.unavailable.app_error",
			Message: "The database cannot be reached, or is not migrated. The log of the gateway has the details.",
		})
		return
	}
	_ = web.WriteStatusOK(w) // It encodes strings only, which cannot fail.
}
