package storage

import (
	"context"
	"time"

	"gorm.io/gorm"

	"gatehouse"
)

// SetPassword stores a new password hash. In the same transaction every other
// session of the user ends, and so does everything that apps got from them:
// whoever knew the old password keeps nothing, not even a code that they have
// not redeemed yet. What the user agreed to is remembered. ErrNotFound.
func (s *Store) SetPassword(ctx context.Context, userID, hash, exceptSessionID string, now time.Time) error {
	err := s.transact(ctx, func(tx *gorm.DB) error {
		err := affectedOne(tx.Exec("UPDATE users SET password_hash = ?, last_password_update = ?, update_at = ? WHERE id = ?",
			hash, millis(now), millis(now), text(userID)))
		if err != nil {
			return err
		}
		return endAccess(tx, userID, exceptSessionID)
	})
	return s.fail("set password", err)
}

// DeactivateUser locks a person out: in one transaction they become inactive,
// their sessions end, and everything that apps got from them dies, codes that
// were not redeemed yet included. What they agreed to is remembered, for when
// they come back. A user who is inactive already stays so since then. ErrNotFound.
func (s *Store) DeactivateUser(ctx context.Context, id string, now time.Time) error {
	err := s.transact(ctx, func(tx *gorm.DB) error {
		err := affectedOne(tx.Exec("UPDATE users SET delete_at = CASE WHEN delete_at = 0 THEN ? ELSE delete_at END, update_at = ? WHERE id = ?",
			millis(now), millis(now), text(id)))
		if err != nil {
			return err
		}
		return endAccess(tx, id, "")
	})
	return s.fail("deactivate user", err)
}

// ActivateUser lets a person sign in again. Nothing that was ended comes back. ErrNotFound.
func (s *Store) ActivateUser(ctx context.Context, id string, now time.Time) error {
	err := affectedOne(s.write(ctx).Exec("UPDATE users SET delete_at = 0, update_at = ? WHERE id = ?", millis(now), text(id)))
	return s.fail("activate user", err)
}

// endAccess ends the sessions of a user and kills what apps got from them. The
// caller has just updated the users row, so that CreateSession and
// RecordConsent, which lock it, either came before and are seen here, or wait.
//
// The consents are deleted, so that the database takes the grants along, also
// one that is being created right now, and put back under new ids, which no
// code that was issued before names. (Updating the ids instead would fail on a
// grant created after its siblings were deleted.)
func endAccess(tx *gorm.DB, userID, exceptSessionID string) error {
	if err := tx.Exec("DELETE FROM sessions WHERE user_id = ? AND id <> ?", text(userID), exceptSessionID).Error; err != nil {
		return err
	}
	var rows []consentRow
	err := tx.Raw("DELETE FROM consents WHERE user_id = ? RETURNING id, user_id, app_id, scopes, create_at, last_used_at", text(userID)).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return err
	}
	for i := range rows {
		rows[i].ID = gatehouse.NewID()
	}
	return tx.CreateInBatches(rows, 200).Error
}
