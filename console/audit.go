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
	events, err := h.store.AuditEvents(r.Context(), before, eventsPerPage+1)
	if err != nil {
		return err
	}
	page := templates.AuditPage{IsOlder: before != ""}
	if len(events) > eventsPerPage {
		events = events[:eventsPerPage]
		page.Before = events[eventsPerPage-1].ID
	}
	names := names{store: h.store, found: map[string]string{}}
	for _, e := range events {
		actor, err := names.actor(r.Context(), e)
		if err != nil {
			return err
		}
		target, err := names.target(r.Context(), e)
		if err != nil {
			return err
		}
		byNoRequest, aboutKey := e.ActorID == "" && e.RequestID == "", isKeyEvent(e.Event)
		page.Items = append(page.Items, templates.AuditItem{
			Event: e, Actor: actor, Target: target, ByCommand: byNoRequest && !aboutKey, ByGateway: byNoRequest && aboutKey, // the gateway rotates keys
		})
	}
	return h.pages.Renderer.Render(w, http.StatusOK, v.Frame(), page)
}

func isKeyEvent(event string) bool {
	return event == gatehouse.AuditCreateSigningKey || event == gatehouse.AuditRotateSigningKey || event == gatehouse.AuditWithdrawSigningKey
}

// names looks up the names of users, apps and groups by id, each id once a page.
type names struct {
	store Store
	found map[string]string // "" for an id that does not exist
}

// actor returns the name of the user who did it, or "" if no user was signed in or the
// user no longer exists.
func (n names) actor(ctx context.Context, e gatehouse.AuditEvent) (string, error) {
	if e.ActorID == "" {
		return "", nil
	}
	return n.user(ctx, e.ActorID)
}

// target returns the name of the user, app, group, setting or key that an event is about. It
// returns "" if that is the actor, or if it no longer exists.
func (n names) target(ctx context.Context, e gatehouse.AuditEvent) (string, error) {
	switch e.Event {
	case gatehouse.AuditUpdateSetting, gatehouse.AuditCreateSigningKey, gatehouse.AuditRotateSigningKey, gatehouse.AuditWithdrawSigningKey:
		return e.TargetID, nil
	case gatehouse.AuditCreateGroup, gatehouse.AuditUpdateGroup, gatehouse.AuditDeleteGroup, gatehouse.AuditAddGroupMember, gatehouse.AuditRemoveGroupMember:
		return n.group(ctx, e.TargetID)
	case gatehouse.AuditLogout: // the target is the user, or the app whose grant ended
		if e.TargetID == e.ActorID {
			return "", nil
		}
	case gatehouse.AuditLogin, gatehouse.AuditRevokeSessions, gatehouse.AuditSystemSetUp,
		gatehouse.AuditCreateUser, gatehouse.AuditUpdateUser, gatehouse.AuditDeleteUser, gatehouse.AuditUpdateUserActive, gatehouse.AuditUpdateUserRoles, gatehouse.AuditUpdatePassword:
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

func (n names) group(ctx context.Context, id string) (string, error) {
	return n.find("group "+id, id, func() (string, error) {
		group, err := n.store.Group(ctx, id)
		return group.Name, err
	})
}

// find calls load once for each key, also if the id does not exist.
func (n names) find(key, id string, load func() (string, error)) (string, error) {
	if name, ok := n.found[key]; ok || !gatehouse.ValidID(id) {
		return name, nil
	}
	name, err := load()
	if err != nil && !errors.Is(err, gatehouse.ErrNotFound) {
		return "", err
	}
	n.found[key] = name
	return name, nil
}
