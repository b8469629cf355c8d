package storage

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"gatehouse"
)

// CreateUser adds a person. Username and email are stored in lower case. It
// returns ErrUsernameTaken or ErrEmailTaken, which are ErrConflict too.
func (s *Store) CreateUser(ctx context.Context, u gatehouse.User) error {
	row := newUserRow(u)
	return s.fail("create user", s.nameConflict(ctx, row, s.write(ctx).Create(&row).Error))
}

// CreateFirstUser adds a person if there is none yet, and returns ErrConflict
// otherwise. Of two set-ups that race, on whatever nodes, one wins.
func (s *Store) CreateFirstUser(ctx context.Context, u gatehouse.User) error {
	row := newUserRow(u)
	err := s.transact(ctx, func(tx *gorm.DB) error {
		if s.lockUsers != "" {
			if err := tx.Exec(s.lockUsers).Error; err != nil {
				return err
			}
		}
		var taken bool
		if err := scanOne(tx.Raw("SELECT EXISTS (SELECT 1 FROM users)"), &taken); err != nil {
			return err
		}
		if taken {
			return fmt.Errorf("%w: there is a user already", gatehouse.ErrConflict)
		}
		return tx.Create(&row).Error
	})
	return s.fail("create first user", err)
}

// CountUsers counts everybody, deactivated people too.
func (s *Store) CountUsers(ctx context.Context) (int64, error) {
	var n int64
	err := s.read(ctx).Model(&userRow{}).Count(&n).Error
	return n, s.fail("count users", err)
}

// User returns a person, active or not. ErrNotFound.
func (s *Store) User(ctx context.Context, id string) (gatehouse.User, error) {
	var row userRow
	if err := s.read(ctx).Where("id = ?", text(id)).Take(&row).Error; err != nil {
		return gatehouse.User{}, s.fail("get user", err)
	}
	return row.user(), nil
}

// UserByLogin returns the person with this username or, failing that, this
// email, in any case. ErrNotFound.
func (s *Store) UserByLogin(ctx context.Context, loginID string) (gatehouse.User, error) {
	login := fold(loginID)
	var row userRow
	err := scanOne(s.read(ctx).Raw("SELECT "+userColumns+" FROM users u WHERE u.username = ? OR u.email = ? ORDER BY CASE WHEN u.username = ? THEN 0 ELSE 1 END LIMIT 1",
		login, login, login), row.fields()...)
	if err != nil {
		return gatehouse.User{}, s.fail("get user by login", err)
	}
	return row.user(), nil
}

// nameConflict finds out which name of a row is taken, after the database said
// that one is. Drivers tell it in words only, each in its own.
func (s *Store) nameConflict(ctx context.Context, row userRow, err error) error {
	if kindOf(err) != gatehouse.ErrConflict { //nolint:errorlint // kindOf returns the sentinel itself
		return err
	}
	var other userRow
	switch queryErr := s.read(ctx).Where("(username = ? OR email = ?) AND id <> ?", row.Username, row.Email, row.ID).
		Order(clause.Expr{SQL: "CASE WHEN username = ? THEN 0 ELSE 1 END", Vars: []any{row.Username}}).Limit(1).Take(&other).Error; {
	case queryErr != nil:
		return err // the id is taken, or the other one is gone again: a conflict all the same
	case other.Username == row.Username:
		return fmt.Errorf("%w: %w", gatehouse.ErrConflict, gatehouse.ErrUsernameTaken)
	default:
		return fmt.Errorf("%w: %w", gatehouse.ErrConflict, gatehouse.ErrEmailTaken)
	}
}
