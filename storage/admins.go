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

// SetSystemAdmin gives or takes the role system_admin. It returns ErrNotFound, and
// ErrLastSystemAdmin if nobody who is active would have the role afterwards.
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

// keepAnAdmin refuses with ErrLastSystemAdmin if the user is the only active
// System Admin. It must come first in a transaction that takes the role or the
// activity from somebody: of two admins who take it from each other at the same
// time, one has to wait here, and then sees what the other one did.
func (s *Store) keepAnAdmin(tx *gorm.DB, id string) error {
	if s.lockAdmins != "" {
		if err := tx.Exec(s.lockAdmins).Error; err != nil {
			return err
		}
	}
	var admins []string
	err := tx.Raw("SELECT id FROM users WHERE delete_at = 0 AND ' ' || roles || ' ' LIKE ? ESCAPE '!' LIMIT 2", "% system!_admin %").Scan(&admins).Error
	if err != nil {
		return err
	}
	if len(admins) == 1 && admins[0] == id {
		return passed{fmt.Errorf("storage: %w", gatehouse.ErrLastSystemAdmin)}
	}
	return nil
}
