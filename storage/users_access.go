package storage

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

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
// they come back. A user who is inactive already stays so since then. It returns
// ErrNotFound, and ErrLastSystemAdmin if nobody else is an active System Admin.
func (s *Store) DeactivateUser(ctx context.Context, id string, now time.Time) error {
	err := s.transact(ctx, func(tx *gorm.DB) error {
		if err := s.keepAnAdmin(tx, id); err != nil {
			return err
		}
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
// The consents get new ids, so that codes which were issued before name nothing
// any more. They are locked first: a grant that is being created right now
// holds its consent, so it is either committed by then and deleted here, or
// waits and finds the consent's id gone. (Deleting and inserting them again
// would look at the apps too, and deadlock with DeleteApp.)
func endAccess(tx *gorm.DB, userID, exceptSessionID string) error {
	userID = text(userID)
	if err := tx.Exec("DELETE FROM sessions WHERE user_id = ? AND id <> ?", userID, text(exceptSessionID)).Error; err != nil {
		return err
	}
	var consentIDs []string
	err := tx.Model(&consentRow{}).Clauses(clause.Locking{Strength: "UPDATE"}).Where("user_id = ?", userID).Pluck("id", &consentIDs).Error
	if err != nil {
		return err
	}
	if err := tx.Exec("DELETE FROM grants WHERE consent_id IN (SELECT id FROM consents WHERE user_id = ?)", userID).Error; err != nil {
		return err
	}
	for _, id := range consentIDs {
		if err := tx.Exec("UPDATE consents SET id = ? WHERE id = ?", gatehouse.NewID(), id).Error; err != nil {
			return err
		}
	}
	return nil
}
