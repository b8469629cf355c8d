package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"gatehouse"
)

// SetPassword stores a new password hash. In the same transaction it ends all other
// sessions of the user, and everything that apps got from the user: another person
// who knew the old password keeps no access, not even a code that is not redeemed
// yet. The consents stay. It returns ErrNotFound if the user does not exist.
func (s *Store) SetPassword(ctx context.Context, userID, hash, exceptSessionID string, now time.Time) error {
	err := s.transact(ctx, func(tx *gorm.DB) error {
		err := affectedOne(tx.Exec("UPDATE users SET password_hash = ?, last_password_update = ?, update_at = ? WHERE id = ?",
			hash, millis(now), millis(now), text(userID)))
		if err != nil {
			return err
		}
		return endAccess(tx, userID, exceptSessionID, now)
	})
	return s.fail("set password", err)
}

// DeactivateUser deactivates a user. In one transaction it ends the user's sessions
// and everything that apps got from the user, including codes that are not redeemed
// yet. The consents stay, for when the user is activated again. A user who is
// inactive already keeps the first DeleteAt. It returns ErrNotFound, and
// ErrLastSystemAdmin if no other user is an active System Admin.
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
		return endAccess(tx, id, "", now)
	})
	return s.fail("deactivate user", err)
}

// ActivateUser lets a user sign in again. It does not restore sessions or tokens. It
// returns ErrNotFound if the user does not exist.
func (s *Store) ActivateUser(ctx context.Context, id string, now time.Time) error {
	err := affectedOne(s.write(ctx).Exec("UPDATE users SET delete_at = 0, update_at = ? WHERE id = ?", millis(now), text(id)))
	return s.fail("activate user", err)
}

// endAccess ends the sessions of a user and everything that apps got from the user. The
// apps get logout tokens. The caller has just updated the users row. CreateSession and RecordConsent lock
// that row, so they either committed before and are seen here, or they wait.
//
// The consents get new ids, so that earlier codes refer to nothing. The consents are
// locked first: a grant that is being created holds its consent, so it is either
// committed by then and deleted here, or waits and no longer finds the consent's id.
// (Deleting and inserting the consents would also read the apps, and deadlock with
// DeleteApp.)
func endAccess(tx *gorm.DB, userID, exceptSessionID string, now time.Time) error {
	userID = text(userID)
	if err := tx.Exec("DELETE FROM sessions WHERE user_id = ? AND id <> ?", userID, text(exceptSessionID)).Error; err != nil {
		return err
	}
	var consentIDs []string
	err := tx.Model(&consentRow{}).Clauses(clause.Locking{Strength: "UPDATE"}).Where("user_id = ?", userID).Pluck("id", &consentIDs).Error
	if err != nil {
		return err
	}
	if err := queueLogouts(tx, now, "c.user_id = @user", map[string]any{"user": userID}); err != nil {
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

// SetSystemAdmin adds or removes the role system_admin. It returns ErrNotFound, and
// ErrLastSystemAdmin if no active user would have the role afterwards.
func (s *Store) SetSystemAdmin(ctx context.Context, id string, admin bool, now time.Time) error {
	err := s.transact(ctx, func(tx *gorm.DB) error {
		if !admin {
			if err := s.keepAnAdmin(tx, id); err != nil {
				return err
			}
		}
		var row userRow
		if err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", text(id)).Take(&row).Error; err != nil {
			return err
		}
		roles := slices.DeleteFunc(strings.Fields(row.Roles), func(role string) bool { return role == gatehouse.RoleSystemAdmin })
		if admin {
			roles = append(roles, gatehouse.RoleSystemAdmin)
		}
		return tx.Exec("UPDATE users SET roles = ?, update_at = ? WHERE id = ?", strings.Join(roles, " "), millis(now), row.ID).Error
	})
	return s.fail("set system admin", err)
}

// activeAdmins selects the active users with the role system_admin; its argument is adminPattern.
const (
	activeAdmins = "FROM users WHERE delete_at = 0 AND ' ' || roles || ' ' LIKE ? ESCAPE '!'"
	adminPattern = "% system!_admin %"
)

// LacksSystemAdmin reports whether there are users, but none of them is an active System
// Admin.
func (s *Store) LacksSystemAdmin(ctx context.Context) (bool, error) {
	var lacks int
	err := s.read(ctx).Raw("SELECT CASE WHEN EXISTS (SELECT 1 FROM users) AND NOT EXISTS (SELECT 1 "+activeAdmins+") THEN 1 ELSE 0 END", adminPattern).Scan(&lacks).Error
	return lacks == 1, s.fail("look for a system admin", err)
}

// keepAnAdmin returns ErrLastSystemAdmin if the user is the only active System Admin.
// It must come first in a transaction that removes the role or deactivates a user: if
// two admins do this to each other at the same time, one waits here and then sees
// what the other did.
func (s *Store) keepAnAdmin(tx *gorm.DB, id string) error {
	if s.lockAdmins != "" {
		if err := tx.Exec(s.lockAdmins).Error; err != nil {
			return err
		}
	}
	var admins []string
	err := tx.Raw("SELECT id "+activeAdmins+" LIMIT 2", adminPattern).Scan(&admins).Error
	if err != nil {
		return err
	}
	if len(admins) == 1 && admins[0] == id {
		return callerError{fmt.Errorf("storage: %w", gatehouse.ErrLastSystemAdmin)}
	}
	return nil
}
