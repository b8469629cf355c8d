package registration

import (
	"context"
	"errors"
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
)

// The API and the pages share these permissions and actions. Each action checks the
// permission, makes one call of the Service, turns its error into the contract's and
// records a refusal in the audit trail (C 2.16).

// The permissions (C 2.10). An app that calls with an access token holds none of them,
// also if its user is a System Admin: otherwise every app could register other apps in the
// name of its users.

// mayManageApps allows a user to register apps and to manage their own apps.
func mayManageApps(v web.Visit) bool {
	return !v.IsOAuth() && v.Can(gatehouse.PermissionManageOAuth)
}

// mayManageAll allows a user to manage the apps of all users, and self-registered apps.
func mayManageAll(v web.Visit) bool {
	return !v.IsOAuth() && v.Can(gatehouse.PermissionManageSystemWideOAuth)
}

// mayManage allows a user to manage this app. The user also needs mayManageApps.
func mayManage(v web.Visit, app gatehouse.App) bool {
	return mayManageAll(v) || app.CreatorID == v.User.ID
}

// mayTrust allows a user to mark an app as trusted, and to undo that.
func mayTrust(v web.Visit) bool {
	return !v.IsOAuth() && v.Can(gatehouse.PermissionManageSystem)
}

// maySetLifetimes allows a user to set the token lifetimes of an app. Otherwise a user who
// manages an app could make its tokens outlast the settings of the System Admins.
func maySetLifetimes(v web.Visit) bool {
	return !v.IsOAuth() && v.Can(gatehouse.PermissionManageSystem)
}

// maySetAccess allows a user to set who can use an app.
func maySetAccess(v web.Visit) bool {
	return !v.IsOAuth() && v.Can(gatehouse.PermissionManageSystem)
}

// loadApp loads an app without a check of permissions (C 1.10).
func (h *Handler) loadApp(ctx context.Context, v web.Visit, id string) (gatehouse.App, error) {
	if !v.Settings.EnableOAuthServiceProvider {
		return gatehouse.App{}, web.ProviderOff("api.oauth.allow_oauth.turn_off.app_error")
	}
	app, err := h.store.App(ctx, id)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return gatehouse.App{}, errNoApp(err)
	}
	return app, serviceError(err, "get_app.finding")
}

// loadManagedApp loads an app that the user may manage. It checks in the order of C 1.10.
func (h *Handler) loadManagedApp(ctx context.Context, v web.Visit, id string) (gatehouse.App, error) {
	if !mayManageApps(v) {
		return gatehouse.App{}, errNotAllowed(v)
	}
	app, err := h.loadApp(ctx, v, id)
	if err != nil {
		return gatehouse.App{}, err
	}
	if !mayManage(v, app) {
		return gatehouse.App{}, errNotCreator()
	}
	return app, nil
}

// registerApp registers an app of the user (C 1.8). If the user may not mark apps as
// trusted, the app is registered as not trusted, without an error.
func (h *Handler) registerApp(ctx context.Context, v web.Visit, n NewApp) (app gatehouse.App, secret string, err error) {
	defer func() { h.auditRefusal(ctx, gatehouse.AuditCreateApp, v, "", err) }()
	switch {
	case !mayManageApps(v):
		return gatehouse.App{}, "", errNotAllowed(v)
	case !v.Settings.EnableOAuthServiceProvider:
		return gatehouse.App{}, "", web.ProviderOff("api.oauth.register_oauth_app.turn_off.app_error")
	}
	if (n.AccessTokenLifetime != 0 || n.RefreshTokenLifetime != 0) && !maySetLifetimes(v) {
		return gatehouse.App{}, "", errNoLifetimes()
	}
	n.CreatorID = v.User.ID
	n.IsTrusted = n.IsTrusted && mayTrust(v)
	app, secret, err = h.apps.Create(ctx, n, v.User.ID)
	if errors.Is(err, gatehouse.ErrConflict) {
		return gatehouse.App{}, "", err
	}
	return app, secret, serviceError(err, "save_app.save")
}

// changeApp changes an app by edit. If the user may not mark apps as trusted, the flag
// stays as it is (C 1.10 E10), unless the redirect URIs change (Service.UpdateByUser). If
// the user may not set lifetimes, a changed one is refused.
func (h *Handler) changeApp(ctx context.Context, v web.Visit, id string, edit func(*gatehouse.App) error) (app gatehouse.App, err error) {
	defer func() { h.auditRefusal(ctx, gatehouse.AuditUpdateApp, v, id, err) }()
	if _, err := h.loadManagedApp(ctx, v, id); err != nil {
		return gatehouse.App{}, err
	}
	update := h.apps.UpdateByUser
	if mayTrust(v) {
		update = h.apps.Update
	}
	app, err = update(ctx, id, v.User.ID, func(a *gatehouse.App) error {
		trusted, access, refresh := a.IsTrusted, a.AccessTokenLifetime, a.RefreshTokenLifetime
		if err := edit(a); err != nil {
			return err
		}
		if (a.AccessTokenLifetime != access || a.RefreshTokenLifetime != refresh) && !maySetLifetimes(v) {
			return errNoLifetimes()
		}
		if !mayTrust(v) {
			a.IsTrusted = trusted
		}
		return nil
	})
	return app, changeError(err)
}

// replaceSecretFunc is Service.RegenerateSecretIf or Service.FirstSecretIf.
type replaceSecretFunc func(ctx context.Context, id, actorID string, check func(gatehouse.App) error) (gatehouse.App, string, error)

// replaceSecret gives the app a new secret by replace, unless check returns an error.
func (h *Handler) replaceSecret(ctx context.Context, v web.Visit, id string, replace replaceSecretFunc, check func(gatehouse.App) error) (app gatehouse.App, secret string, err error) {
	defer func() { h.auditRefusal(ctx, gatehouse.AuditRegenerateSecret, v, id, err) }()
	if _, err := h.loadManagedApp(ctx, v, id); err != nil {
		return gatehouse.App{}, "", err
	}
	app, secret, err = replace(ctx, id, v.User.ID, check)
	return app, secret, changeError(err)
}

// removeApp deletes the app (C 2.12). An app that another request has deleted in the
// meantime does not exist.
func (h *Handler) removeApp(ctx context.Context, v web.Visit, id string) (err error) {
	defer func() { h.auditRefusal(ctx, gatehouse.AuditDeleteApp, v, id, err) }()
	if _, err := h.loadManagedApp(ctx, v, id); err != nil {
		return err
	}
	err = h.apps.Delete(ctx, id, v.User.ID)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return errNoApp(err)
	}
	return serviceError(err, "delete_app")
}

// auditRefusal records a refusal in the audit trail. An internal error is not a refusal;
// it is in the log.
func (h *Handler) auditRefusal(ctx context.Context, event string, v web.Visit, appID string, err error) {
	var refused *web.Error
	if errors.As(err, &refused) && refused.Status < http.StatusInternalServerError {
		h.apps.AuditRefusal(ctx, event, v.User.ID, appID, refused.Message)
	}
}
