package console

import (
	"context"
	"errors"
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// SigningKeys lists and rotates the keys that sign ID tokens; *signing.Keys implements it.
type SigningKeys interface {
	// List returns the published keys, those of an algorithm together.
	List(ctx context.Context) ([]gatehouse.PublishedSigningKey, error)
	// Rotate lets the next keys of the algorithms sign, and audits it. It returns
	// ErrNotFound if none of the algorithms has keys.
	Rotate(ctx context.Context, by gatehouse.Caller, algorithms ...string) ([]gatehouse.PublishedSigningKey, error)
}

// keysPage is GET /console/keys.
func (h *Handler) keysPage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	keys, err := h.keys.List(r.Context())
	if err != nil {
		return err
	}
	frame := v.Frame()
	frame.Notice = h.pages.Notices.Take(w, r, map[string]string{"rotated": "The next keys sign now. A key that has signed for less than an hour stays in use."})
	return h.pages.Renderer.Render(w, v.Kept.StatusCode(), frame, templates.KeysPage{Keys: keys})
}

// rotateKeys is POST /console/keys/rotate.
func (h *Handler) rotateKeys(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	_, err := h.keys.Rotate(r.Context(), v.Caller, gatehouse.SigningAlgorithms()...)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return h.redirect(w, r, "/console/keys", "")
	}
	if err != nil {
		return err
	}
	return h.redirect(w, r, "/console/keys", "rotated")
}

// redirectToKeys is GET of a path that only takes a form.
func (h *Handler) redirectToKeys(w http.ResponseWriter, r *http.Request, _ web.Visit) error {
	web.Redirect(w, r, h.basePath+"/console/keys")
	return nil
}
