package storage

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"gatehouse"
)

type userRow struct {
	ID                 string
	Username           string
	Email              string
	EmailVerified      bool
	Nickname           string
	FirstName          string
	LastName           string
	Position           string
	Locale             string
	Roles              string
	PasswordHash       string
	CreateAt           int64
	UpdateAt           int64
	DeleteAt           int64
	LastPasswordUpdate int64
}

func (userRow) TableName() string { return "users" }

func newUserRow(u gatehouse.User) userRow {
	return userRow{
		ID: u.ID, Username: fold(u.Username), Email: fold(u.Email), EmailVerified: u.EmailVerified,
		Nickname: text(u.Nickname), FirstName: text(u.FirstName), LastName: text(u.LastName), Position: text(u.Position),
		Locale: text(u.Locale), Roles: strings.Join(u.Roles, " "), PasswordHash: u.PasswordHash,
		CreateAt: millis(u.CreateAt), UpdateAt: millis(u.UpdateAt), DeleteAt: millis(u.DeleteAt),
		LastPasswordUpdate: millis(u.LastPasswordUpdate),
	}
}

func (r *userRow) user() gatehouse.User {
	return gatehouse.User{
		ID: r.ID, Username: r.Username, Email: r.Email, EmailVerified: r.EmailVerified,
		Nickname: r.Nickname, FirstName: r.FirstName, LastName: r.LastName, Position: r.Position,
		Locale: r.Locale, Roles: strings.Fields(r.Roles), PasswordHash: r.PasswordHash,
		CreateAt: fromMillis(r.CreateAt), UpdateAt: fromMillis(r.UpdateAt), DeleteAt: fromMillis(r.DeleteAt),
		LastPasswordUpdate: fromMillis(r.LastPasswordUpdate),
	}
}

// userColumns are the columns of users u, in the order of userRow.fields.
const userColumns = "u.id, u.username, u.email, u.email_verified, u.nickname, u.first_name, u.last_name, u.position, " +
	"u.locale, u.roles, u.password_hash, u.create_at, u.update_at, u.delete_at, u.last_password_update"

// fields returns the fields into which handwritten statements scan userColumns.
func (r *userRow) fields() []any {
	return []any{
		&r.ID, &r.Username, &r.Email, &r.EmailVerified, &r.Nickname, &r.FirstName, &r.LastName, &r.Position,
		&r.Locale, &r.Roles, &r.PasswordHash, &r.CreateAt, &r.UpdateAt, &r.DeleteAt, &r.LastPasswordUpdate,
	}
}

// CreateUser adds a user. It stores username and email in lower case. It returns
// ErrUsernameTaken or ErrEmailTaken, which are also ErrConflict.
func (s *Store) CreateUser(ctx context.Context, u gatehouse.User) error {
	row := newUserRow(u)
	return s.fail("create user", s.nameConflict(ctx, row, s.write(ctx).Create(&row).Error))
}

// CreateFirstUser adds a user if there is no user yet, and returns ErrConflict
// otherwise. If several nodes call it at the same time, only one succeeds.
func (s *Store) CreateFirstUser(ctx context.Context, u gatehouse.User) error {
	row := newUserRow(u)
	err := s.transact(ctx, func(tx *gorm.DB) error {
		if s.lockUsers != "" {
			if err := tx.Exec(s.lockUsers).Error; err != nil {
				return err
			}
		}
		var exists bool
		if err := scanOne(tx.Raw("SELECT EXISTS (SELECT 1 FROM users)"), &exists); err != nil {
			return err
		}
		if exists {
			return fmt.Errorf("%w: a user exists already", gatehouse.ErrConflict)
		}
		return tx.Create(&row).Error
	})
	return s.fail("create first user", err)
}

// CountUsers returns the number of users, including deactivated ones.
func (s *Store) CountUsers(ctx context.Context) (int64, error) {
	var n int64
	err := s.read(ctx).Model(&userRow{}).Count(&n).Error
	return n, s.fail("count users", err)
}

// User returns a user, active or not. It returns ErrNotFound if the user does not exist.
func (s *Store) User(ctx context.Context, id string) (gatehouse.User, error) {
	var row userRow
	if err := s.read(ctx).Where("id = ?", text(id)).Take(&row).Error; err != nil {
		return gatehouse.User{}, s.fail("get user", err)
	}
	return row.user(), nil
}

// UsersByID returns the users with these ids, active or not, ordered by username. Ids
// that no user has are left out.
func (s *Store) UsersByID(ctx context.Context, ids []string) ([]gatehouse.User, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []userRow
	if err := s.read(ctx).Where("id IN ?", ids).Order("username").Find(&rows).Error; err != nil {
		return nil, s.fail("get users", err)
	}
	return usersOf(rows), nil
}

// UserByLogin returns the user with this username or, if there is none, with this
// email, in upper or lower case. It returns ErrNotFound if no user has it.
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

// SearchUsers lists the users whose username or email contains the search text, in
// upper or lower case, ordered by username. It lists all users if the text is empty.
func (s *Store) SearchUsers(ctx context.Context, search string, offset, limit int) ([]gatehouse.User, error) {
	query := s.read(ctx).Order("username").Offset(offset).Limit(limit)
	if search != "" {
		query = query.Where("username LIKE @pattern ESCAPE '!' OR email LIKE @pattern ESCAPE '!'", map[string]any{"pattern": contains(search)})
	}
	var rows []userRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, s.fail("search users", err)
	}
	return usersOf(rows), nil
}

func usersOf(rows []userRow) []gatehouse.User {
	users := make([]gatehouse.User, len(rows))
	for i := range rows {
		users[i] = rows[i].user()
	}
	return users
}

// nameConflict finds out whether the username or the email of a row is taken, after
// the database reported a conflict. Drivers name the column only in their messages,
// which differ between the engines.
func (s *Store) nameConflict(ctx context.Context, row userRow, err error) error {
	if kindOf(err) != gatehouse.ErrConflict { //nolint:errorlint // kindOf returns the sentinel itself
		return err
	}
	var other userRow
	switch queryErr := s.read(ctx).Where("(username = ? OR email = ?) AND id <> ?", row.Username, row.Email, row.ID).
		Order(clause.Expr{SQL: "CASE WHEN username = ? THEN 0 ELSE 1 END", Vars: []any{row.Username}}).Limit(1).Take(&other).Error; {
	case queryErr != nil:
		return err // The id is taken, or the other user was deleted since. It is a conflict in any case.
	case other.Username == row.Username:
		return fmt.Errorf("%w: %w", gatehouse.ErrConflict, gatehouse.ErrUsernameTaken)
	default:
		return fmt.Errorf("%w: %w", gatehouse.ErrConflict, gatehouse.ErrEmailTaken)
	}
}
