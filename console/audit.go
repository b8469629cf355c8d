package console

import (
	"context"
	"errors"
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

const eventsPerPage = 50

// auditPage is GET /console/audit?before=.
func (h *Handler) auditPage(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	before := r.URL.Query().Get("before")
	events, err := h.Store.AuditEvents(r.Context(), before, eventsPerPage+1)
	if err != nil {
		return err
	}
	page := templates.AuditPage{IsOlder: before != ""}
	if len(events) > eventsPerPage {
		events = events[:eventsPerPage]
		page.Before = events[eventsPerPage-1].ID
	}
	names := names{store: h.Store, known: map[string]string{}}
	for _, e := range events {
		item := templates.AuditItem{Event: e}
		if item.Actor, err = names.actor(r.Context(), e); err == nil {
			item.Target, err = names.target(r.Context(), e)
		}
		if err != nil {
			return err
		}
		page.Items = append(page.Items, item)
	}
	return h.Pages.Renderer.Render(w, http.StatusOK, frame(r, v), page)
}

// names finds what ids stand for, each once for a page.
type names struct {
	store Store
	known map[string]string
}

// actor says who did it; "" for somebody who was not signed in.
func (n names) actor(ctx context.Context, e gatehouse.AuditEvent) (string, error) {
	switch {
	case e.ActorID != "":
		return n.user(ctx, e.ActorID)
	case e.RequestID == "":
		return "the command line", nil // no username holds a space
	}
	return "", nil
}

// target says what it was done to. Where somebody did it to themselves, the actor
// says it all; where nothing has the id any more, the event's own words must do.
func (n names) target(ctx context.Context, e gatehouse.AuditEvent) (string, error) {
	switch e.Event {
	case gatehouse.AuditUpdateSetting:
		return e.TargetID, nil
	case gatehouse.AuditLogout: // of somebody, or of an app that acted for them
		if e.TargetID == e.ActorID {
			return "", nil
		}
	case gatehouse.AuditLogin, gatehouse.AuditRevokeSessions, gatehouse.AuditSystemSetUp,
		gatehouse.AuditCreateUser, gatehouse.AuditUpdateUserActive, gatehouse.AuditUpdateUserRoles, gatehouse.AuditUpdatePassword:
		if e.TargetID == e.ActorID {
			return "", nil
		}
		return n.user(ctx, e.TargetID)
	}
	return n.app(ctx, e.TargetID)
}

func (n names) user(ctx context.Context, id string) (string, error) {
	return n.find("user "+id, id, func() (string, error) {
		user, err := n.store.User(ctx, id)
		return user.Username, err
	})
}

func (n names) app(ctx context.Context, id string) (string, error) {
	return n.find("app "+id, id, func() (string, error) {
		app, err := n.store.App(ctx, id)
		return app.Name, err
	})
}

// find remembers what it found, also that there was nothing.
func (n names) find(key, id string, find func() (string, error)) (string, error) {
	if name, ok := n.known[key]; ok || !gatehouse.ValidID(id) {
		return name, nil
	}
	name, err := find()
	if err != nil && !errors.Is(err, gatehouse.ErrNotFound) {
		return "", err
	}
	n.known[key] = name
	return name, nil
}
