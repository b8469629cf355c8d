package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"gatehouse"
)

type appRow struct {
	ID                      string
	CreatorID               string
	SecretHash              string
	Name                    string
	NameKey                 string
	Description             string
	Homepage                string
	IconURL                 string `gorm:"column:icon_url"`
	RedirectURIs            string `gorm:"column:redirect_uris"`
	IsTrusted               bool
	IsPublic                bool
	IsDynamicallyRegistered bool
	MattermostAppID         string `gorm:"column:mattermost_app_id"`
	TokenEndpointAuthMethod string
	IsAuthMethodEnforced    bool
	AccessTokenLifetime     int64
	RefreshTokenLifetime    int64
	OpenID                  appOpenIDRow `gorm:"embedded"`
	IsRestricted            bool
	CreateAt                int64
	UpdateAt                int64
}

func (appRow) TableName() string { return "apps" }

func newAppRow(a gatehouse.App) (appRow, error) {
	uris := make([]string, len(a.RedirectURIs))
	for i, uri := range a.RedirectURIs {
		uris[i] = text(uri)
	}
	encoded, err := json.Marshal(uris)
	if err != nil {
		return appRow{}, fmt.Errorf("encode redirect URIs: %w", err)
	}
	openID, err := newAppOpenIDRow(a.OpenID)
	if err != nil {
		return appRow{}, err
	}
	return appRow{
		ID: a.ID, CreatorID: a.CreatorID, SecretHash: a.SecretHash, Name: text(a.Name), NameKey: fold(a.Name),
		Description: text(a.Description), Homepage: text(a.Homepage), IconURL: text(a.IconURL), RedirectURIs: string(encoded),
		IsTrusted: a.IsTrusted, IsPublic: a.IsPublic, IsDynamicallyRegistered: a.IsDynamicallyRegistered,
		MattermostAppID: text(a.MattermostAppID), TokenEndpointAuthMethod: a.TokenEndpointAuthMethod, IsAuthMethodEnforced: a.IsAuthMethodEnforced,
		AccessTokenLifetime: a.AccessTokenLifetime.Milliseconds(), RefreshTokenLifetime: a.RefreshTokenLifetime.Milliseconds(),
		OpenID: openID, IsRestricted: a.IsRestricted,
		CreateAt: millis(a.CreateAt), UpdateAt: millis(a.UpdateAt),
	}, nil
}

func (r *appRow) app() (gatehouse.App, error) {
	var uris []string
	if err := json.Unmarshal([]byte(r.RedirectURIs), &uris); err != nil {
		return gatehouse.App{}, fmt.Errorf("decode redirect URIs of app %s: %w", r.ID, err)
	}
	openID, err := r.OpenID.openID()
	if err != nil {
		return gatehouse.App{}, fmt.Errorf("app %s: %w", r.ID, err)
	}
	return gatehouse.App{
		ID: r.ID, CreatorID: r.CreatorID, SecretHash: r.SecretHash, Name: r.Name,
		Description: r.Description, Homepage: r.Homepage, IconURL: r.IconURL, RedirectURIs: uris,
		IsTrusted: r.IsTrusted, IsPublic: r.IsPublic, IsDynamicallyRegistered: r.IsDynamicallyRegistered,
		MattermostAppID: r.MattermostAppID, TokenEndpointAuthMethod: r.TokenEndpointAuthMethod, IsAuthMethodEnforced: r.IsAuthMethodEnforced,
		AccessTokenLifetime: time.Duration(r.AccessTokenLifetime) * time.Millisecond, RefreshTokenLifetime: time.Duration(r.RefreshTokenLifetime) * time.Millisecond,
		OpenID: openID, IsRestricted: r.IsRestricted,
		CreateAt: fromMillis(r.CreateAt), UpdateAt: fromMillis(r.UpdateAt),
	}, nil
}

// CreateApp stores a new app. It returns ErrConflict if the id exists.
func (s *Store) CreateApp(ctx context.Context, app gatehouse.App) error {
	row, err := newAppRow(app)
	if err == nil {
		err = s.write(ctx).Create(&row).Error
	}
	return s.fail("create app", err)
}

// App returns an app. It may be up to a second old, but not on the node that changed
// it. App returns ErrNotFound if the app does not exist.
func (s *Store) App(ctx context.Context, id string) (gatehouse.App, error) {
	app, err := s.apps.get(id, func() (gatehouse.App, error) {
		var row appRow
		if err := s.read(ctx).Where("id = ?", text(id)).Take(&row).Error; err != nil {
			return gatehouse.App{}, err
		}
		return row.app()
	})
	app.RedirectURIs = slices.Clone(app.RedirectURIs) // the cache keeps its own slices
	app.OpenID.PostLogoutRedirectURIs = slices.Clone(app.OpenID.PostLogoutRedirectURIs)
	app.OpenID.Contacts = slices.Clone(app.OpenID.Contacts)
	return app, s.fail("get app", err)
}

// UpdateApp lets change edit an app and stores the result, in one transaction that
// locks the app. If change returns an error, UpdateApp returns that error itself and
// stores nothing. change must not call the Store. The id, CreateAt and the type
// (public or confidential) never change; SetAppAccess changes who may use the app. It
// returns ErrNotFound if the app does not exist.
func (s *Store) UpdateApp(ctx context.Context, id string, change func(*gatehouse.App) error) (gatehouse.App, error) {
	return s.UpdateAppAndConsents(ctx, id, func(a *gatehouse.App) (bool, error) { return false, change(a) })
}

// UpdateAppAndConsents is UpdateApp, and deletes all consents to the app in the same
// transaction if change returns true. Their codes and tokens stop working immediately.
func (s *Store) UpdateAppAndConsents(ctx context.Context, id string, change func(*gatehouse.App) (endConsents bool, err error)) (gatehouse.App, error) {
	defer s.apps.invalidate(id)
	var app gatehouse.App
	err := s.transact(ctx, func(tx *gorm.DB) error {
		var old appRow
		if err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", text(id)).Take(&old).Error; err != nil {
			return err
		}
		changed, err := old.app()
		if err != nil {
			return err
		}
		endConsents, err := change(&changed)
		if err != nil {
			return callerError{err}
		}
		row, err := newAppRow(changed)
		if err != nil {
			return err
		}
		row.ID, row.CreateAt, row.IsPublic, row.IsRestricted = old.ID, old.CreateAt, old.IsPublic, old.IsRestricted
		if app, err = row.app(); err != nil {
			return err
		}
		if err := affectedOne(tx.Model(&appRow{}).Where("id = ?", old.ID).Select("*").Omit("id", "create_at", "is_public", "is_restricted").UpdateColumns(&row)); err != nil || !endConsents {
			return err
		}
		// A new consent waits for the lock on the app, as in DeleteApp.
		return tx.Exec("DELETE FROM consents WHERE app_id = ?", old.ID).Error
	})
	if err != nil {
		return gatehouse.App{}, s.fail("update app", err)
	}
	return app, nil
}

// TouchApp stores that a user began to authorize a self-registered app, so that Reap does
// not treat it as unused. It writes nothing if the stored time is less than
// gatehouse.ConsentTouchInterval old, so a caller that knows UpdateAt can skip the call. It
// returns no error if the app does not exist or is not self-registered.
func (s *Store) TouchApp(ctx context.Context, id string, now time.Time) error {
	result := s.write(ctx).Exec("UPDATE apps SET update_at = CASE WHEN create_at < @now THEN @now ELSE create_at + 1 END "+
		"WHERE id = @id AND is_dynamically_registered AND (update_at = create_at OR update_at <= @before)",
		map[string]any{"id": text(id), "now": millis(now), "before": millis(now.Add(-gatehouse.ConsentTouchInterval))})
	if result.Error != nil || result.RowsAffected > 0 {
		s.apps.invalidate(id)
	}
	return s.fail("touch app", result.Error)
}

// DeleteApp deletes an app, with its consents and grants. It returns ErrNotFound if
// the app does not exist.
func (s *Store) DeleteApp(ctx context.Context, id string) error {
	defer s.apps.invalidate(id)
	return s.fail("delete app", affectedOne(s.write(ctx).Exec("DELETE FROM apps WHERE id = ?", text(id))))
}

// Apps lists apps by name, without regard to case, and then by id.
func (s *Store) Apps(ctx context.Context, q gatehouse.AppQuery) ([]gatehouse.App, error) {
	query := s.read(ctx).Order("name_key, id").Offset(q.Offset).Limit(q.Limit)
	if q.CreatorID != "" {
		query = query.Where("creator_id = ?", text(q.CreatorID))
	}
	if q.GroupID != "" {
		query = query.Where("id IN (SELECT app_id FROM app_groups WHERE group_id = ?)", text(q.GroupID))
	}
	if q.Search != "" {
		query = query.Where("name_key LIKE ? ESCAPE '!'", contains(q.Search))
	}
	var rows []appRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, s.fail("list apps", err)
	}
	apps := make([]gatehouse.App, len(rows))
	for i := range rows {
		app, err := rows[i].app()
		if err != nil {
			return nil, s.fail("list apps", err)
		}
		apps[i] = app
	}
	return apps, nil
}

// AppUsage returns how many users each of the apps has and when it was last used.
// Apps without a user are not in the result.
func (s *Store) AppUsage(ctx context.Context, appIDs []string) (map[string]gatehouse.AppUsage, error) {
	usage := make(map[string]gatehouse.AppUsage, len(appIDs))
	if len(appIDs) == 0 {
		return usage, nil
	}
	var rows []struct {
		AppID      string
		Users      int64
		LastUsedAt int64
	}
	err := s.read(ctx).Raw("SELECT app_id, COUNT(*) AS users, MAX(last_used_at) AS last_used_at FROM consents WHERE app_id IN ? GROUP BY app_id", appIDs).Scan(&rows).Error
	if err != nil {
		return nil, s.fail("app usage", err)
	}
	for _, r := range rows {
		usage[r.AppID] = gatehouse.AppUsage{Users: r.Users, LastUsedAt: fromMillis(r.LastUsedAt)}
	}
	return usage, nil
}
