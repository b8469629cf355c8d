package registration

import (
	"context"
	"errors"
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
)

// The actions that the API and the pages share: may they? → one call of the
// Service → the contract's refusal, which the audit log keeps (C 2.16).

// newApp registers an app of the visitor (C 1.8). That they may not mark it as
// trusted is no error: it is registered without.
func (h *Handler) newApp(ctx context.Context, v web.Visit, n NewApp) (app gatehouse.App, secret string, err error) {
	defer func() { h.auditRefusal(ctx, gatehouse.AuditCreateApp, v, "", err) }()
	switch {
	case !mayManageApps(v):
		return gatehouse.App{}, "", errNotAllowed(v)
	case !v.Settings.EnableOAuthServiceProvider:
		off := errTurnedOff()
		off.ID = "api.oauth.register_oauth_app.turn_off.app_error"
		return gatehouse.App{}, "", off
	}
	n.CreatorID = v.User.ID
	n.IsTrusted = n.IsTrusted && mayTrust(v)
	app, secret, err = h.Apps.Create(ctx, n, v.User.ID)
	if errors.Is(err, gatehouse.ErrConflict) {
		return gatehouse.App{}, "", err
	}
	return app, secret, refusal(err, "save_app.save")
}

// managed is the app, if the visitor may manage it. The order is C 1.10's.
func (h *Handler) managed(ctx context.Context, v web.Visit, id string) (gatehouse.App, error) {
	if !mayManageApps(v) {
		return gatehouse.App{}, errNotAllowed(v)
	}
	app, err := h.known(ctx, v, id)
	if err != nil {
		return gatehouse.App{}, err
	}
	if !mayManage(v, app) {
		return gatehouse.App{}, errNotYours()
	}
	return app, nil
}

// known is the app, whoever asks (C 1.10).
func (h *Handler) known(ctx context.Context, v web.Visit, id string) (gatehouse.App, error) {
	if !v.Settings.EnableOAuthServiceProvider {
		return gatehouse.App{}, errTurnedOff()
	}
	app, err := h.Catalogue.App(ctx, id)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return gatehouse.App{}, errNoApp(err)
	}
	return app, refusal(err, "get_app.finding")
}

// change changes an app. Who may not mark apps as trusted leaves the flag as it
// is, whatever how says (C 1.10 E10).
func (h *Handler) change(ctx context.Context, v web.Visit, id string, how func(*gatehouse.App) error) (app gatehouse.App, err error) {
	defer func() { h.auditRefusal(ctx, gatehouse.AuditUpdateApp, v, id, err) }()
	if _, err := h.managed(ctx, v, id); err != nil {
		return gatehouse.App{}, err
	}
	app, err = h.Apps.Update(ctx, id, v.User.ID, func(a *gatehouse.App) error {
		trusted := a.IsTrusted
		if err := how(a); err != nil {
			return err
		}
		if !mayTrust(v) {
			a.IsTrusted = trusted
		}
		return nil
	})
	return app, updateRefusal(err)
}

// newSecret gives the app a new secret, unless check objects.
func (h *Handler) newSecret(ctx context.Context, v web.Visit, id string, check func(gatehouse.App) error) (app gatehouse.App, secret string, err error) {
	defer func() { h.auditRefusal(ctx, gatehouse.AuditRegenerateSecret, v, id, err) }()
	if _, err := h.managed(ctx, v, id); err != nil {
		return gatehouse.App{}, "", err
	}
	app, secret, err = h.Apps.RegenerateSecretIf(ctx, id, v.User.ID, check)
	return app, secret, updateRefusal(err)
}

// updateRefusal is refusal for changes of an app that was there a moment ago.
func updateRefusal(err error) error {
	switch {
	case errors.Is(err, gatehouse.ErrConflict):
		return err
	case errors.Is(err, gatehouse.ErrNotFound):
		return &web.Error{Status: http.StatusBadRequest, ID: "app.oauth.update_app.find.app_error", Message: "The app was deleted in the meantime.", Cause: err}
	}
	return refusal(err, "update_app.updating")
}

// remove deletes the app (C 2.12). The app that is gone already is one that
// nobody knows.
func (h *Handler) remove(ctx context.Context, v web.Visit, id string) (err error) {
	defer func() { h.auditRefusal(ctx, gatehouse.AuditDeleteApp, v, id, err) }()
	if _, err := h.managed(ctx, v, id); err != nil {
		return err
	}
	err = h.Apps.Delete(ctx, id, v.User.ID)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return errNoApp(err)
	}
	return refusal(err, "delete_app")
}

// auditRefusal records that the visitor was refused. Failures of ours are for the
// log, not for the audit trail.
func (h *Handler) auditRefusal(ctx context.Context, event string, v web.Visit, appID string, err error) {
	var refused *web.Error
	if errors.As(err, &refused) && refused.Status < http.StatusInternalServerError {
		h.Apps.Refused(ctx, event, v.User.ID, appID, refused.Message)
	}
}
