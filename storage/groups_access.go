package storage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"gatehouse"
)

// Only a user who may use an app has a consent to it. RecordConsent checks that, and each
// transaction of this file that takes access away deletes the consents of the users who
// have lost it. So the statements of the hot path need no check: without a consent, no code
// can be redeemed, and there is no grant.
//
// The transactions lock in the order groups, users, apps, consents:
//
//	RecordConsent                   user (share)                 app (share)   ─▶ check, insert
//	RemoveGroupMember, DeleteGroup  group ─▶ members (share)  ─▶ its apps      ─▶ delete, delete consents
//	SetAppAccess                    its new groups (share)    ─▶ app           ─▶ change, delete consents
//
//   - The lock on the app makes a consent wait, or be seen and deleted. It also lets two
//     removals of a user from two groups of the app wait for each other: the second one
//     finds that no group remains.
//   - The lock on the group makes an app that gets the group wait, or be seen.
//   - The lock on the members keeps endAccess and DeleteUser, which lock consents of
//     several apps too, from locking them in another order.

// hasGroup is true for a user who is in one of the groups of an app; see lostAccess.
const hasGroup = "EXISTS (SELECT 1 FROM app_groups ag JOIN group_members gm ON gm.group_id = ag.group_id WHERE ag.app_id = %s AND gm.user_id = %s)"

// MayUseApp reports whether a user may use an app: it is open to all users, or the user is
// in one of its groups. It does not use the cache of apps. It returns ErrNotFound if the
// app does not exist.
func (s *Store) MayUseApp(ctx context.Context, userID, appID string) (bool, error) {
	var may bool
	err := scanOne(s.read(ctx).Raw("SELECT NOT a.is_restricted OR "+fmt.Sprintf(hasGroup, "a.id", "?")+" FROM apps a WHERE a.id = ?", text(userID), text(appID)), &may)
	return may, s.fail("look for access", err)
}

// checkAccess returns ErrNoAccess if the user is in none of the groups of a restricted app.
// The transaction holds a lock on the app.
func checkAccess(tx *gorm.DB, userID, appID string) error {
	var may bool
	if err := scanOne(tx.Raw("SELECT "+fmt.Sprintf(hasGroup, "?", "?"), appID, userID), &may); err != nil {
		return err
	}
	if !may {
		return callerError{fmt.Errorf("storage: %w", gatehouse.ErrNoAccess)}
	}
	return nil
}

// endLostAccess deletes the consents to the apps of users who may not use them any longer:
// codes and tokens end with them. The apps get logout tokens. The transaction holds locks on
// the apps.
func (s *Store) endLostAccess(tx *gorm.DB, appIDs []string, now time.Time) error {
	if len(appIDs) == 0 {
		return nil
	}
	var consentIDs []string
	err := tx.Raw("SELECT id FROM consents WHERE app_id IN ? AND EXISTS (SELECT 1 FROM apps a WHERE a.id = consents.app_id AND a.is_restricted) AND NOT "+
		fmt.Sprintf(hasGroup, "consents.app_id", "consents.user_id")+" ORDER BY id"+s.forUpdate, appIDs).Scan(&consentIDs).Error
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(consentIDs, consentBatch) {
		if err := queueLogouts(tx, now, "c.id IN @consents", map[string]any{"consents": batch}); err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM consents WHERE id IN ?", batch).Error; err != nil {
			return err
		}
	}
	return nil
}

// consentBatch is the number of consents in one statement. SQLite allows 32,766 parameters.
const consentBatch = 1000

// SetAppAccess says who may use an app. In the same transaction it ends everything that the
// app got from users who lose access, including codes that are not redeemed yet, and
// deletes their consents. It returns ErrNotFound if the app does not exist, and
// ErrGroupNotFound if one of the groups does not exist.
func (s *Store) SetAppAccess(ctx context.Context, appID string, access gatehouse.AppAccess, now time.Time) error {
	defer s.apps.invalidate(appID)
	groupIDs := []string{}
	if access.IsRestricted {
		groupIDs = slices.Compact(slices.Sorted(slices.Values(access.GroupIDs)))
	}
	err := s.transact(ctx, func(tx *gorm.DB) error {
		if len(groupIDs) > 0 {
			var found []string
			if err := tx.Raw("SELECT id FROM groups WHERE id IN ? ORDER BY id"+s.forShare, groupIDs).Scan(&found).Error; err != nil {
				return err
			}
			if len(found) < len(groupIDs) {
				return callerError{fmt.Errorf("storage: %w", gatehouse.ErrGroupNotFound)}
			}
		}
		err := affectedOne(tx.Exec("UPDATE apps SET is_restricted = ?, update_at = ? WHERE id = ?", access.IsRestricted, millis(now), text(appID)))
		if err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM app_groups WHERE app_id = ?", text(appID)).Error; err != nil {
			return err
		}
		for _, groupID := range groupIDs {
			err := tx.Exec("INSERT INTO app_groups (id, app_id, group_id, create_at) VALUES (?, ?, ?, ?)", gatehouse.NewID(), text(appID), groupID, millis(now)).Error
			if err != nil {
				return err
			}
		}
		return s.endLostAccess(tx, []string{text(appID)}, now)
	})
	return s.fail("set access to an app", err)
}

// RemoveGroupMember removes a user from a group. In the same transaction it ends everything
// that apps got from the user that the user may not use any longer. It returns ErrNotFound
// if the user is not a member.
func (s *Store) RemoveGroupMember(ctx context.Context, groupID, userID string, now time.Time) error {
	err := s.transact(ctx, func(tx *gorm.DB) error {
		appIDs, err := s.lockGroup(tx, text(groupID), "id = ?", text(userID))
		if err != nil {
			return err
		}
		if err := affectedOne(tx.Exec("DELETE FROM group_members WHERE group_id = ? AND user_id = ?", text(groupID), text(userID))); err != nil {
			return err
		}
		return s.endLostAccess(tx, appIDs, now)
	})
	return s.fail("remove group member", err)
}

// DeleteGroup deletes a group. In the same transaction it ends everything that apps got
// from members who may not use them any longer. An app whose last group is deleted stays
// restricted: no user may use it. DeleteGroup returns ErrNotFound if the group does not
// exist.
func (s *Store) DeleteGroup(ctx context.Context, id string, now time.Time) error {
	err := s.transact(ctx, func(tx *gorm.DB) error {
		appIDs, err := s.lockGroup(tx, text(id), "id IN (SELECT user_id FROM group_members WHERE group_id = ?)", text(id))
		if err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM groups WHERE id = ?", text(id)).Error; err != nil { // Foreign keys delete the rest.
			return err
		}
		return s.endLostAccess(tx, appIDs, now)
	})
	return s.fail("delete group", err)
}

// lockGroup locks a group, the users who lose it and the apps that it may use, and returns
// the ids of the apps. It returns ErrNotFound if the group does not exist.
func (s *Store) lockGroup(tx *gorm.DB, id, users, value string) (appIDs []string, err error) {
	var locked string
	if err := scanOne(tx.Raw("SELECT id FROM groups WHERE id = ?"+s.forUpdate, id), &locked); err != nil {
		return nil, err
	}
	var userIDs []string
	if err := tx.Raw("SELECT id FROM users WHERE "+users+" ORDER BY id"+s.forShare, value).Scan(&userIDs).Error; err != nil {
		return nil, err
	}
	err = tx.Raw("SELECT id FROM apps WHERE id IN (SELECT app_id FROM app_groups WHERE group_id = ?) ORDER BY id"+s.forUpdate, id).Scan(&appIDs).Error
	return appIDs, err
}
