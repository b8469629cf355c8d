package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"gatehouse"
	"gatehouse/templates"
)

// SignIn says who looks at a page; account.Authenticator satisfies it.
type SignIn interface {
	// Caller returns ErrNotFound for nobody and for a bad token.
	Caller(r *http.Request) (gatehouse.Caller, error)
	// RedirectToLogin sends the browser to sign in and to come back.
	RedirectToLogin(w http.ResponseWriter, r *http.Request)
}

// SettingsReader knows the switches.
type SettingsReader interface {
	Settings(ctx context.Context) (gatehouse.Settings, error)
}

// Pages serves the pages that need somebody who is signed in:
//
//	request ──▶ who? ── nobody ──▶ /login, and back
//	            │
//	            └─▶ Visit ──▶ handler ──▶ its page, or the error page in the same frame
type Pages struct {
	SignIn   SignIn
	Settings SettingsReader
	Renderer PageRenderer
	Notices  Notices
	Log      *slog.Logger
}

// Visit is a signed-in person who looks at a page.
type Visit struct {
	gatehouse.Caller
	Settings gatehouse.Settings
}

// Can reports whether the person holds the permission.
func (v Visit) Can(p gatehouse.Permission) bool { return v.User.Can(p, v.Settings) }

// Frame is what surrounds a page that the person looks at.
func (v Visit) Frame() templates.Frame { return templates.FrameFor(v.User, v.Settings) }

// VisitFunc serves a page to a person who is signed in. Like a HandlerFunc it
// must not have written anything when it returns an error.
type VisitFunc func(w http.ResponseWriter, r *http.Request, v Visit) error

// Handle serves h to people who are signed in by a session; an app's access token
// signs nobody in to pages. Everybody else is sent to sign in.
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

// Require is Handle for pages that need a permission; who lacks it gets the error
// page with status 403 and the sentence.
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
