package storage

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// abandonedClients finds apps that registered themselves and that nobody needs:
// nobody ever authorised them (see DeleteConsent for who took it back), or
// nobody has used them for long. What a grant still works for is needed.
const abandonedClients = "apps.is_dynamically_registered AND (" +
	"(apps.update_at = apps.create_at AND apps.create_at <= @unused AND NOT EXISTS (SELECT 1 FROM consents c WHERE c.app_id = apps.id)) OR " +
	"(apps.update_at <= @idle AND NOT EXISTS (SELECT 1 FROM consents c WHERE c.app_id = apps.id AND c.last_used_at > @idle))) AND " +
	"NOT EXISTS (SELECT 1 FROM consents c JOIN grants g ON g.consent_id = c.id WHERE c.app_id = apps.id AND g.revoked_at = 0 AND g.expires_at > @now)"

// reapClients deletes at most limit clients that registered themselves and are
// abandoned, as the settings say, with what hangs on them.
func (s *Store) reapClients(ctx context.Context, now time.Time, limit int) (int64, error) {
	settings, err := s.Settings(ctx)
	if err != nil {
		return 0, err
	}
	when := map[string]any{
		"now": millis(now), "unused": millis(now.Add(-settings.DCRUnusedLifetime)), "idle": millis(now.Add(-settings.DCRIdleLifetime)), "limit": limit,
	}
	var reaped []string
	err = s.transact(ctx, func(tx *gorm.DB) error {
		var ids []string
		lock := ""
		if s.forUpdate != "" {
			lock = s.forUpdate + s.skipLocked
		}
		if err := tx.Raw("SELECT apps.id FROM apps WHERE "+abandonedClients+" ORDER BY apps.create_at LIMIT @limit"+lock, when).Scan(&ids).Error; err != nil || len(ids) == 0 {
			return err
		}
		// Whoever agrees to one of them now waits for us. Who did so just before we
		// had the lock is seen only by a second look.
		when["ids"] = ids
		return tx.Raw("DELETE FROM apps WHERE apps.id IN @ids AND "+abandonedClients+" RETURNING id", when).Scan(&reaped).Error
	})
	for _, id := range reaped {
		s.apps.invalidate(id)
	}
	return int64(len(reaped)), s.fail("reap clients", err)
}
