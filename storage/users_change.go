package storage

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"gatehouse"
)

// UpdateUser lets change edit the names and the email of a user and stores the result, in
// one transaction that locks the user. It stores username and email in lower case. The
// roles, the password and whether the user is active do not change. If change returns an
// error, UpdateUser returns that error itself and stores nothing. change must not call the
// Store. UpdateUser returns ErrNotFound, and ErrUsernameTaken or ErrEmailTaken, which are
// also ErrConflict.
func (s *Store) UpdateUser(ctx context.Context, id string, change func(*gatehouse.User) error) (gatehouse.User, error) {
	var row userRow
	err := s.transact(ctx, func(tx *gorm.DB) error {
		var old userRow
		if err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", text(id)).Take(&old).Error; err != nil {
			return err
		}
		changed := old.user()
		if err := change(&changed); err != nil {
			return callerError{err}
		}
		row = newUserRow(changed)
		row.ID, row.Roles, row.PasswordHash, row.LastPasswordUpdate = old.ID, old.Roles, old.PasswordHash, old.LastPasswordUpdate
		row.CreateAt, row.DeleteAt = old.CreateAt, old.DeleteAt
		return affectedOne(tx.Model(&userRow{}).Where("id = ?", old.ID).Select("*").Omit("id").UpdateColumns(&row))
	})
	if err != nil {
		return gatehouse.User{}, s.fail("update user", s.nameConflict(ctx, row, err))
	}
	return row.user(), nil
}

// DeleteUser deletes a user with all sessions, consents, codes and tokens, in one
// transaction that also handles the apps that the user registered. It returns these apps
// as they were before. It returns ErrNotFound if the user does not exist,
// ErrLastSystemAdmin if no active System Admin would remain, and ErrNewCreatorNotFound if
// the new creator of the apps does not exist or is deactivated.
//
// The id is never used again, because ids are random. Events of the audit trail keep it.
func (s *Store) DeleteUser(ctx context.Context, id string, apps gatehouse.AppsOfDeletedUser, now time.Time) ([]gatehouse.App, error) {
	var rows []appRow
	err := s.transact(ctx, func(tx *gorm.DB) error {
		if err := s.keepAnAdmin(tx, id); err != nil {
			return err
		}
		// The lock comes first: RecordConsent and CreateSession, which lock the user too,
		// have either committed and are deleted here, or wait and do not find the user.
		var locked userRow
		if err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", text(id)).Take(&locked).Error; err != nil {
			return err
		}
		if err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("creator_id = ?", locked.ID).Order("id").Find(&rows).Error; err != nil {
			return err
		}
		if err := s.handleApps(tx, locked.ID, apps, now); err != nil {
			return err
		}
		if err := endAccess(tx, locked.ID, "", now); err != nil { // Apps get logout tokens.
			return err
		}
		return affectedOne(tx.Exec("DELETE FROM users WHERE id = ?", locked.ID)) // Foreign keys delete the rest.
	})
	if err != nil {
		return nil, s.fail("delete user", err)
	}
	list := make([]gatehouse.App, len(rows))
	for i := range rows {
		s.apps.invalidate(rows[i].ID)
		if list[i], err = rows[i].app(); err != nil {
			return nil, s.fail("delete user", err)
		}
	}
	return list, nil
}

// handleApps deletes the apps of a creator, or gives them another creator or none.
func (s *Store) handleApps(tx *gorm.DB, creatorID string, apps gatehouse.AppsOfDeletedUser, now time.Time) error {
	if apps.Delete {
		return tx.Exec("DELETE FROM apps WHERE creator_id = ?", creatorID).Error
	}
	newCreator := ""
	if apps.NewCreatorID != "" {
		var ids []string
		err := tx.Raw("SELECT id FROM users WHERE id = ? AND id <> ? AND delete_at = 0"+s.forShare, text(apps.NewCreatorID), creatorID).Scan(&ids).Error
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return callerError{gatehouse.ErrNewCreatorNotFound}
		}
		newCreator = ids[0]
	}
	return tx.Exec("UPDATE apps SET creator_id = ?, update_at = ? WHERE creator_id = ?", newCreator, millis(now), creatorID).Error
}
