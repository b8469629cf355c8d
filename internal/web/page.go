package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

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
	page := templates.ErrorPage{
		Status: e.Status, Title: e.Title, Message: e.Message, RequestID: RequestID(r.Context()), App: e.App, BackURL: e.BackURL, BackLabel: e.BackLabel,
	}
	if page.BackURL == "" && isRead(r) && (e.Status == http.StatusServiceUnavailable || e.Status == http.StatusInternalServerError) {
		page.BackURL, page.BackLabel = LocalURL(requestedURL(r), ""), "Try again"
	}
	if err := renderer.Render(w, e.Status, frame, page); err != nil {
		log.ErrorContext(r.Context(), "error page not rendered", "error", err, "request_id", page.RequestID)
		http.Error(w, e.Message, e.Status)
	}
}

// isRead reports whether the request only reads.
func isRead(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// requestedURL returns the path and query of a request as the browser sent them.
func requestedURL(r *http.Request) string {
	// RequestURI still has the base path and every escape. RFC 9112 §3.2.2 also allows
	// an absolute URL there, which is not a local URL.
	if strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	return r.URL.RequestURI()
}

// SignIn authenticates the user of a page; account.Authenticator implements it.
type SignIn interface {
	// Caller returns ErrNotFound if the request has no session and no valid token.
	Caller(r *http.Request) (gatehouse.Caller, error)
	// RedirectToLogin redirects to the sign-in page, which leads to a local URL.
	RedirectToLogin(w http.ResponseWriter, r *http.Request, returnURL string)
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
//
// Form serves the forms of these pages. It never answers with a page, see KeptForms.
type Pages struct {
	SignIn   SignIn
	Settings SettingsReader
	Renderer PageRenderer
	Notices  Notices
	Forms    *KeptForms
	Log      *slog.Logger
}

// Visit is a request of a signed-in user for a page.
type Visit struct {
	gatehouse.Caller
	Settings gatehouse.Settings
	// Kept is the form that the page shows again; the zero value if there is none.
	Kept KeptForm
}

// Can reports whether the user has the permission.
func (v Visit) Can(p gatehouse.Permission) bool { return v.User.Can(p, v.Settings) }

// Frame returns the frame of a page for the user. It says why the form of the page was not
// carried out.
func (v Visit) Frame() templates.Frame {
	frame := templates.FrameFor(v.User, v.Settings)
	frame.Problem, frame.ProblemRequestID = v.Kept.Message, v.Kept.RequestID
	return frame
}

// VisitFunc serves a page to a signed-in user. If it returns an error, it must not have
// written anything.
type VisitFunc func(w http.ResponseWriter, r *http.Request, v Visit) error

// Handle serves h to users with a session. It redirects other requests to the sign-in
// page, also those with the access token of an app.
func (p Pages) Handle(h VisitFunc) http.Handler {
	return Page(p.Log, p.Renderer, func(w http.ResponseWriter, r *http.Request) error {
		visit, signedIn, err := p.visit(r)
		switch {
		case err != nil:
			return err
		case !signedIn:
			p.SignIn.RedirectToLogin(w, r, requestedURL(r))
			return nil
		}
		visit.Kept = p.Forms.Load(r, visit.User.ID)
		if visit.Kept.RetryAfter != "" {
			w.Header().Set("Retry-After", visit.Kept.RetryAfter)
		}
		if err := h(w, r, visit); err != nil {
			writePageError(w, r, p.Log, p.Renderer, visit.Frame(), err)
		}
		return nil
	})
}

// visit returns who visits a page, and with which settings. signedIn is false if the
// request has no session.
func (p Pages) visit(r *http.Request) (v Visit, signedIn bool, err error) {
	caller, err := p.SignIn.Caller(r)
	switch {
	case errors.Is(err, gatehouse.ErrNotFound) || err == nil && caller.IsOAuth():
		return Visit{}, false, nil
	case err != nil:
		return Visit{}, false, err
	}
	settings, err := p.Settings.Settings(r.Context())
	return Visit{Caller: caller, Settings: settings}, true, err
}

// Require returns h for users with a permission. Other users get the error page with
// status 403 and the sentence refusal.
func Require(permission gatehouse.Permission, refusal string, h VisitFunc) VisitFunc {
	return func(w http.ResponseWriter, r *http.Request, v Visit) error {
		if !v.Can(permission) {
			e := Forbidden(nil)
			e.Message = refusal
			return e
		}
		return h(w, r, v)
	}
}
