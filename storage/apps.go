package storage

import (
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"gatehouse"
)

// CreateApp registers an app. ErrConflict if the id exists.
func (s *Store) CreateApp(ctx context.Context, app gatehouse.App) error {
	row, err := newAppRow(app)
	if err == nil {
		err = s.write(ctx).Create(&row).Error
	}
	return s.fail("create app", err)
}

// App returns an app, as it is now or was less than a second ago; on the node
// that changed it, as it is now. ErrNotFound.
func (s *Store) App(ctx context.Context, id string) (gatehouse.App, error) {
	app, err := s.apps.get(id, func() (gatehouse.App, error) {
		var row appRow
		if err := s.read(ctx).Where("id = ?", text(id)).Take(&row).Error; err != nil {
			return gatehouse.App{}, err
		}
		return row.app()
	})
	app.RedirectURIs = slices.Clone(app.RedirectURIs) // the cache keeps its own
	return app, s.fail("get app", err)
}

// UpdateApp lets change edit an app and stores the result, in one transaction
// that nobody else gets in between. An error of change is returned as it is and
// nothing is stored. change must not call the Store. The id, the creation and
// the type (public or confidential) never change. ErrNotFound.
func (s *Store) UpdateApp(ctx context.Context, id string, change func(*gatehouse.App) error) (gatehouse.App, error) {
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
		if err := change(&changed); err != nil {
			return passed{err}
		}
		row, err := newAppRow(changed)
		if err != nil {
			return err
		}
		row.ID, row.CreateAt, row.IsPublic = old.ID, old.CreateAt, old.IsPublic
		if app, err = row.app(); err != nil {
			return err
		}
		return affectedOne(tx.Model(&appRow{}).Where("id = ?", old.ID).Select("*").Omit("id", "create_at", "is_public").UpdateColumns(&row))
	})
	if err != nil {
		return gatehouse.App{}, s.fail("update app", err)
	}
	return app, nil
}

// DeleteApp removes an app, and everything that anybody granted it. ErrNotFound.
func (s *Store) DeleteApp(ctx context.Context, id string) error {
	defer s.apps.invalidate(id)
	return s.fail("delete app", affectedOne(s.write(ctx).Exec("DELETE FROM apps WHERE id = ?", text(id))))
}

// Apps lists apps by name, in any case, then id.
func (s *Store) Apps(ctx context.Context, q gatehouse.AppQuery) ([]gatehouse.App, error) {
	query := s.read(ctx).Order("name_key, id").Offset(q.Offset).Limit(q.Limit)
	if q.CreatorID != "" {
		query = query.Where("creator_id = ?", text(q.CreatorID))
	}
	if q.Search != "" {
		literal := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(fold(q.Search))
		query = query.Where("name_key LIKE ? ESCAPE '!'", "%"+literal+"%")
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

// AppUsage says how much each of a page of apps is used; unused ones are missing.
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
