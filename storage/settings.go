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

type settingRow struct {
	Key      string `gorm:"primaryKey"`
	Value    string
	ActorID  string
	UpdateAt int64
}

func (settingRow) TableName() string { return "settings" }

// Settings returns the settings. They may be up to a second old, but not on the node
// that changed them.
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
	settings.DCRRedirectURIAllowlist = slices.Clone(settings.DCRRedirectURIAllowlist) // the cache keeps its own slices
	settings.IntrospectionClientIDs = slices.Clone(settings.IntrospectionClientIDs)
	return settings, s.fail("get settings", err)
}

// UnsetSetting deletes the stored value of a setting, so that its default applies. It
// returns a *gatehouse.FieldError if the setting does not exist, and ErrSettingFixed if an
// environment variable fixes it. It returns no error if no value is stored.
func (s *Store) UnsetSetting(ctx context.Context, key string) error {
	for _, d := range gatehouse.SettingDefinitions() {
		if d.Key != key {
			continue
		}
		if _, ok := s.fixedSettings[key]; ok {
			return fmt.Errorf("storage: unset %s: %w", key, gatehouse.ErrSettingFixed)
		}
		defer s.settings.invalidate("")
		return s.fail("unset setting", s.write(ctx).Where("key = ?", key).Delete(&settingRow{}).Error)
	}
	return gatehouse.CheckSetting(key, "")
}

// SetSettings stores settings, all of them or none. It returns a *gatehouse.FieldError
// for a value that a setting does not accept, and ErrSettingFixed if an environment
// variable fixes a setting.
func (s *Store) SetSettings(ctx context.Context, values map[string]string, actorID string, now time.Time) error {
	var rows []settingRow
	for _, key := range slices.Sorted(maps.Keys(values)) { // in one order, so that concurrent calls cannot deadlock
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
