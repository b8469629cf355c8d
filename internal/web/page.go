package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"gatehouse/templates"
)

// PageRenderer renders pages; *templates.Renderer satisfies it.
type PageRenderer interface {
	// Render writes a page, or nothing at all when it returns an error.
	Render(w http.ResponseWriter, status int, f templates.Frame, p templates.Page) error
}

// Page serves h, which people look at, and turns its errors into the error page.
func Page(log *slog.Logger, renderer PageRenderer, h HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			WritePageError(w, r, log, renderer, err)
		}
	})
}

// WritePageError answers with the error page for err: its status, its sentence
// and the request id under which the log has the rest.
func WritePageError(w http.ResponseWriter, r *http.Request, log *slog.Logger, renderer PageRenderer, err error) {
	writePageError(w, r, log, renderer, templates.Frame{}, err)
}

func writePageError(w http.ResponseWriter, r *http.Request, log *slog.Logger, renderer PageRenderer, frame templates.Frame, err error) {
	if errors.Is(r.Context().Err(), context.Canceled) {
		return // The browser hung up: nobody reads the page, and nothing of ours is broken.
	}
	if r.Header.Get("X-Mobile-App") != "" {
		WriteJSONError(w, r, log, err) // an app reads this, not a person (C 1.1)
		return
	}
	e := Public(err)
	Log(r.Context(), log, e)
	SetRetryAfter(w, e)
	page := templates.ErrorPage{Status: e.Status, Title: e.Title, Message: e.Message, RequestID: RequestID(r.Context())}
	if err := renderer.Render(w, e.Status, frame, page); err != nil {
		log.ErrorContext(r.Context(), "error page not rendered", "error", err, "request_id", page.RequestID)
		http.Error(w, e.Message, e.Status)
	}
}
