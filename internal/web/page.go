package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"gatehouse"
	"gatehouse/templates"
)

// PageRenderer renders pages; *templates.Renderer implements it.
type PageRenderer interface {
	// Render writes a page. If it returns an error, it has written nothing.
	Render(w http.ResponseWriter, status int, f templates.Frame, p templates.Page) error
}

// Page serves h and turns its errors into the error page.
func Page(log *slog.Logger, renderer PageRenderer, h HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			WritePageError(w, r, log, renderer, err)
		}
	})
}

// WritePageError answers with the error page for err: its status, its sentence and the
// request id, under which the log has the details.
func WritePageError(w http.ResponseWriter, r *http.Request, log *slog.Logger, renderer PageRenderer, err error) {
	writePageError(w, r, log, renderer, templates.Frame{}, err)
}

func writePageError(w http.ResponseWriter, r *http.Request, log *slog.Logger, renderer PageRenderer, frame templates.Frame, err error) {
	if errors.Is(r.Context().Err(), context.Canceled) {
		return // The browser has closed the connection, which is the usual cause of the error.
	}
	if r.Header.Get("X-Mobile-App") != "" {
		WriteJSONError(w, r, log, err) // A mobile app cannot show the page (C 1.1).
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

// SignIn authenticates the user of a page; account.Authenticator implements it.
type SignIn interface {
	// Caller returns ErrNotFound if the request has no session and no valid token.
	Caller(r *http.Request) (gatehouse.Caller, error)
	// RedirectToLogin redirects to the sign-in page, which leads back to this request.
	RedirectToLogin(w http.ResponseWriter, r *http.Request)
}

// SettingsReader reads the settings.
type SettingsReader interface {
	Settings(ctx context.Context) (gatehouse.Settings, error)
}

// Pages serves the pages that need a signed-in user:
//
//	request ──▶ session? ── no ──▶ /login, and back
//	            │
//	            └─ yes ──▶ Visit ──▶ handler ──▶ its page, or the error page in the same frame
type Pages struct {
	SignIn   SignIn
	Settings SettingsReader
	Renderer PageRenderer
	Notices  Notices
	Log      *slog.Logger
}

// Visit is a request of a signed-in user for a page.
type Visit struct {
	gatehouse.Caller
	Settings gatehouse.Settings
}

// Can reports whether the user has the permission.
func (v Visit) Can(p gatehouse.Permission) bool { return v.User.Can(p, v.Settings) }

// Frame returns the frame of a page for the user.
func (v Visit) Frame() templates.Frame { return templates.FrameFor(v.User, v.Settings) }

// VisitFunc serves a page to a signed-in user. If it returns an error, it must not have
// written anything.
type VisitFunc func(w http.ResponseWriter, r *http.Request, v Visit) error

// Handle serves h to users with a session. It redirects other requests to the sign-in
// page, also those with the access token of an app.
func (p Pages) Handle(h VisitFunc) http.Handler {
	return Page(p.Log, p.Renderer, func(w http.ResponseWriter, r *http.Request) error {
		caller, err := p.SignIn.Caller(r)
		switch {
		case errors.Is(err, gatehouse.ErrNotFound) || err == nil && caller.IsOAuth():
			p.SignIn.RedirectToLogin(w, r)
			return nil
		case err != nil:
			return err
		}
		settings, err := p.Settings.Settings(r.Context())
		if err != nil {
			return err
		}
		visit := Visit{Caller: caller, Settings: settings}
		if err := h(w, r, visit); err != nil {
			writePageError(w, r, p.Log, p.Renderer, visit.Frame(), err)
		}
		return nil
	})
}

// Require is Handle for pages that need a permission. A user without it gets the error
// page with status 403 and the sentence refusal.
func (p Pages) Require(permission gatehouse.Permission, refusal string, h VisitFunc) http.Handler {
	return p.Handle(func(w http.ResponseWriter, r *http.Request, v Visit) error {
		if !v.Can(permission) {
			e := Forbidden(nil)
			e.Message = refusal
			return e
		}
		return h(w, r, v)
	})
}
