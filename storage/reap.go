package storage

import (
	"context"
	"time"

	"gorm.io/gorm"

	"gatehouse"
)

const (
	// minGrantAge is how long a grant is kept at least, so that the replay of a code is
	// recognized after its grant has expired. It is longer than the lifetime of a code.
	minGrantAge = time.Hour
	// maxAuditAge is how long audit events are kept.
	maxAuditAge = 400 * 24 * time.Hour
)

// expiredRows selects the rows of a table that are no longer needed.
type expiredRows struct {
	table, order, where string
	args                []any
}

func expirable(now time.Time) []expiredRows {
	return []expiredRows{
		{"grants", "expires_at", "expires_at <= ? AND create_at <= ?", []any{millis(now), millis(now.Add(-minGrantAge))}},
		{"sessions", "expires_at", "expires_at <= ?", []any{millis(now)}},
		{"rate_limits", "updated_at + level_ms", "updated_at + level_ms <= ?", []any{millis(now)}},
		{"audit_events", "at", "at < ?", []any{millis(now.Add(-maxAuditAge))}},
		{"signing_keys", "expires_at", "expires_at > 0 AND expires_at <= ?", []any{millis(now)}},
		{"outbox", "create_at", "create_at <= ?", []any{millis(now.Add(-gatehouse.LogoutDeliveryLifetime))}},
	}
}

// Reap deletes rows that are no longer needed: expired grants and sessions, rate
// limits that are full again, audit events older than 400 days, signing keys that are no
// longer published, logout tokens that could not be delivered, and abandoned self-registered
// apps (gatehouse.Settings.DCRUnusedLifetime, DCRIdleLifetime). It deletes at most limit rows of each table, each table in a transaction of its own, so
// that other writes do not wait long. Several nodes may reap at the same time. It
// returns the number of deleted rows by table. If a number is limit, the caller may
// call again immediately.
func (s *Store) Reap(ctx context.Context, now time.Time, limit int) (map[string]int64, error) {
	reaped := make(map[string]int64, 7)
	for _, r := range expirable(now) {
		var deleted int64
		err := s.transactAgain(ctx, func(tx *gorm.DB) error {
			result := tx.Exec("DELETE FROM "+r.table+" WHERE id IN (SELECT id FROM "+r.table+" WHERE "+r.where+" ORDER BY "+r.order+" LIMIT ?"+s.lockUnlocked()+")",
				append(r.args, limit)...)
			deleted = result.RowsAffected
			return result.Error
		})
		if err != nil {
			return reaped, s.fail("reap "+r.table, err)
		}
		reaped[r.table] = deleted
	}
	apps, err := s.reapApps(ctx, now, limit)
	if err != nil {
		return reaped, err
	}
	reaped["apps"] = apps
	return reaped, nil
}

// lockUnlocked follows a SELECT: it locks the rows and skips those that another
// transaction has locked.
func (s *Store) lockUnlocked() string {
	if s.forUpdate == "" {
		return ""
	}
	return s.forUpdate + s.skipLocked
}

// abandonedApps selects self-registered apps that are no longer needed: no user ever began
// to authorize them (TouchApp and DeleteConsent move update_at), or no user has used them
// for long. An app is needed while one of its grants can be used. A restricted app stays: a
// System Admin has decided who may use it.
const abandonedApps = "apps.is_dynamically_registered AND NOT apps.is_restricted AND (" +
	"(apps.update_at = apps.create_at AND apps.create_at <= @unused AND NOT EXISTS (SELECT 1 FROM consents c WHERE c.app_id = apps.id)) OR " +
	"(apps.update_at <= @idle AND NOT EXISTS (SELECT 1 FROM consents c WHERE c.app_id = apps.id AND c.last_used_at > @idle))) AND " +
	"NOT EXISTS (SELECT 1 FROM consents c JOIN grants g ON g.consent_id = c.id WHERE c.app_id = apps.id AND g.revoked_at = 0 AND g.expires_at > @now)"

// reapApps deletes at most limit abandoned apps, with their consents and grants. The
// settings say when an app is abandoned.
func (s *Store) reapApps(ctx context.Context, now time.Time, limit int) (int64, error) {
	settings, err := s.Settings(ctx)
	if err != nil {
		return 0, err
	}
	args := map[string]any{
		"now": millis(now), "unused": millis(now.Add(-settings.DCRUnusedLifetime)), "idle": millis(now.Add(-settings.DCRIdleLifetime)), "limit": limit,
	}
	var reaped []string
	err = s.transact(ctx, func(tx *gorm.DB) error {
		var ids []string
		if err := tx.Raw("SELECT apps.id FROM apps WHERE "+abandonedApps+" ORDER BY apps.create_at LIMIT @limit"+s.lockUnlocked(), args).Scan(&ids).Error; err != nil || len(ids) == 0 {
			return err
		}
		// From now on a user who consents to one of them waits for this transaction. The
		// second check sees a consent that was committed just before the lock.
		args["ids"] = ids
		return tx.Raw("DELETE FROM apps WHERE apps.id IN @ids AND "+abandonedApps+" RETURNING id", args).Scan(&reaped).Error
	})
	for _, id := range reaped {
		s.apps.invalidate(id)
	}
	return int64(len(reaped)), s.fail("reap apps", err)
}
