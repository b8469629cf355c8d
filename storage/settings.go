package storage

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"gatehouse"
)

// Settings returns the switches as they are now or were less than a second ago;
// on the node that changed one, as they are now.
func (s *Store) Settings(ctx context.Context) (gatehouse.Settings, error) {
	settings, err := s.settings.get("", func() (gatehouse.Settings, error) {
		var rows []settingRow
		if err := s.read(ctx).Find(&rows).Error; err != nil {
			return gatehouse.Settings{}, err
		}
		stored := make(map[string]string, len(rows))
		for _, r := range rows {
			stored[r.Key] = r.Value
		}
		return gatehouse.ParseSettings(stored, s.fixedSettings)
	})
	settings.DCRRedirectURIAllowlist = slices.Clone(settings.DCRRedirectURIAllowlist) // the cache keeps its own
	settings.IntrospectionClientIDs = slices.Clone(settings.IntrospectionClientIDs)
	return settings, s.fail("get settings", err)
}

// SetSettings turns switches, all of them or none. It returns a
// *gatehouse.FieldError for a value that the setting does not take, and
// ErrSettingFixed if the environment decides it.
func (s *Store) SetSettings(ctx context.Context, values map[string]string, actorID string, now time.Time) error {
	var rows []settingRow
	for _, key := range slices.Sorted(maps.Keys(values)) { // in one order, so that two who set the same ones cannot deadlock
		if err := gatehouse.CheckSetting(key, values[key]); err != nil {
			return err
		}
		if _, ok := s.fixedSettings[key]; ok {
			return fmt.Errorf("storage: set %s: %w", key, gatehouse.ErrSettingFixed)
		}
		rows = append(rows, settingRow{Key: key, Value: text(values[key]), ActorID: text(actorID), UpdateAt: millis(now)})
	}
	if len(rows) == 0 {
		return nil
	}
	defer s.settings.invalidate("")
	return s.fail("set settings", s.write(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "key"}}, UpdateAll: true}).Create(&rows).Error)
}
