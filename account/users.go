package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gatehouse"
	"gatehouse/internal/audit"
)

// UsersConfig configures Users.
type UsersConfig struct {
	Store  Store
	Hasher *Hasher
	Log    *slog.Logger
}

// Users creates and changes users, for the command line, the console and the set-up
// page. It does not check permissions: its callers do. The parameter actor is the
// caller for the audit trail; the command line passes the zero Caller.
type Users struct {
	store  Store
	hasher *Hasher
	audit  audit.Trail
}

// NewUsers returns Users.
func NewUsers(c UsersConfig) *Users {
	return &Users{store: c.Store, hasher: c.Hasher, audit: audit.NewTrail(c.Store, c.Log)}
}

// CreateUser creates a user with the names, email, locale and roles of user. Username
// and email become lower case. Without roles the user gets the role system_user.
//
// It returns a *gatehouse.FieldError for each rule that is broken, joined. If the
// username or email is taken, the error is also ErrUsernameTaken or ErrEmailTaken.
func (u *Users) CreateUser(ctx context.Context, actor gatehouse.Caller, user gatehouse.User, password string) (gatehouse.User, error) {
	user, err := u.newUser(ctx, user, password)
	if err != nil {
		return gatehouse.User{}, err
	}
	if err := u.store.CreateUser(ctx, user); err != nil {
		return gatehouse.User{}, fmt.Errorf("account: create user: %w", explainTaken(err))
	}
	u.record(ctx, actor, gatehouse.AuditCreateUser, user.ID, "")
	return user, nil
}

// CreateFirstUser creates the first System Admin. It returns ErrConflict if there
// already is a user, so that one of several racing calls succeeds. Its other errors
// are those of CreateUser.
func (u *Users) CreateFirstUser(ctx context.Context, user gatehouse.User, password string) (gatehouse.User, error) {
	user.Roles = []string{gatehouse.RoleSystemUser, gatehouse.RoleSystemAdmin}
	user, err := u.newUser(ctx, user, password)
	if err != nil {
		return gatehouse.User{}, err
	}
	if err := u.store.CreateFirstUser(ctx, user); err != nil {
		return gatehouse.User{}, fmt.Errorf("account: create first user: %w", err)
	}
	u.record(ctx, gatehouse.Caller{User: user}, gatehouse.AuditSystemSetUp, user.ID, "")
	return user, nil
}

func (u *Users) newUser(ctx context.Context, user gatehouse.User, password string) (gatehouse.User, error) {
	user = normalizeUser(user)
	if err := errors.Join(checkUser(user), CheckPassword(password)); err != nil {
		return gatehouse.User{}, err
	}
	hash, err := u.hasher.Hash(ctx, password)
	if err != nil {
		return gatehouse.User{}, err
	}
	now := time.Now()
	user.ID, user.PasswordHash = gatehouse.NewID(), hash
	user.CreateAt, user.UpdateAt, user.LastPasswordUpdate, user.DeleteAt = now, now, now, time.Time{}
	if len(user.Roles) == 0 {
		user.Roles = []string{gatehouse.RoleSystemUser}
	}
	return user, nil
}

// SetPassword sets a user's password. It ends the user's grants and sessions; users
// who change their own password keep the session in which they do it. It returns a
// *gatehouse.FieldError for password, or ErrNotFound.
func (u *Users) SetPassword(ctx context.Context, actor gatehouse.Caller, userID, password string) error {
	if err := CheckPassword(password); err != nil {
		return err
	}
	hash, err := u.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	keepSessionID := ""
	if actor.User.ID == userID {
		keepSessionID = actor.Session.ID
	}
	if err := u.store.SetPassword(ctx, userID, hash, keepSessionID, time.Now()); err != nil {
		return fmt.Errorf("account: set password: %w", err)
	}
	u.record(ctx, actor, gatehouse.AuditUpdatePassword, userID, "")
	return nil
}

// SetActive activates a user, or deactivates the user and ends all sessions and grants
// of the user. It returns ErrNotFound, and ErrLastSystemAdmin if no active System
// Admin would remain.
func (u *Users) SetActive(ctx context.Context, actor gatehouse.Caller, userID string, active bool) error {
	change, detail := u.store.DeactivateUser, "The user was deactivated."
	if active {
		change, detail = u.store.ActivateUser, "The user was activated."
	}
	if err := change(ctx, userID, time.Now()); err != nil {
		return fmt.Errorf("account: set active: %w", err)
	}
	u.record(ctx, actor, gatehouse.AuditUpdateUserActive, userID, detail)
	return nil
}

// UpdateUser changes the names, the email and the locale of a user. A new email counts as
// not verified. Its errors are those of CreateUser, ErrNotFound, and the error of change.
func (u *Users) UpdateUser(ctx context.Context, actor gatehouse.Caller, userID string, change func(*gatehouse.User) error) (gatehouse.User, error) {
	var before gatehouse.User
	user, err := u.store.UpdateUser(ctx, userID, func(user *gatehouse.User) error {
		before = *user
		if err := change(user); err != nil {
			return err
		}
		*user = normalizeUser(*user)
		user.UpdateAt = time.Now()
		if user.Email != before.Email {
			user.EmailVerified = false
		}
		return checkUser(*user)
	})
	if err != nil {
		return gatehouse.User{}, fmt.Errorf("account: update user: %w", explainTaken(err))
	}
	for _, field := range []struct{ name, before, after string }{{"username", before.Username, user.Username}, {"email", before.Email, user.Email}} {
		if field.before != field.after {
			u.record(ctx, actor, gatehouse.AuditUpdateUser, userID, fmt.Sprintf("The %s changed from %q to %q.", field.name, field.before, field.after))
		}
	}
	if before.FirstName != user.FirstName || before.LastName != user.LastName || before.Nickname != user.Nickname || before.Position != user.Position || before.Locale != user.Locale {
		u.record(ctx, actor, gatehouse.AuditUpdateUser, userID, "The name or the locale changed.")
	}
	return user, nil
}

// SetEmailVerified says whether the email of a user is verified, which apps read as the
// claim email_verified. It returns ErrNotFound.
func (u *Users) SetEmailVerified(ctx context.Context, actor gatehouse.Caller, userID string, verified bool) (gatehouse.User, error) {
	user, err := u.store.UpdateUser(ctx, userID, func(user *gatehouse.User) error {
		user.EmailVerified, user.UpdateAt = verified, time.Now()
		return nil
	})
	if err != nil {
		return gatehouse.User{}, fmt.Errorf("account: set email verified: %w", err)
	}
	detail := "The email was marked as not verified."
	if verified {
		detail = "The email was marked as verified."
	}
	u.record(ctx, actor, gatehouse.AuditUpdateUser, userID, detail)
	return user, nil
}

// DeleteUser deletes a user for good, with all sessions, consents, codes and tokens, and
// returns the apps that the user had registered. It returns ErrNotFound,
// ErrLastSystemAdmin if no active System Admin would remain, and ErrNewCreatorNotFound.
func (u *Users) DeleteUser(ctx context.Context, actor gatehouse.Caller, userID string, apps gatehouse.AppsOfDeletedUser) ([]gatehouse.App, error) {
	user, err := u.store.User(ctx, userID)
	if err != nil {
		return nil, fmt.Errorf("account: delete user: %w", err)
	}
	list, err := u.store.DeleteUser(ctx, userID, apps, time.Now())
	if err != nil {
		return nil, fmt.Errorf("account: delete user: %w", err)
	}
	u.record(ctx, actor, gatehouse.AuditDeleteUser, userID, fmt.Sprintf("The username was %q.", user.Username))
	for _, app := range list {
		event, detail := gatehouse.AuditUpdateApp, "The app has no creator, because its creator was deleted."
		switch {
		case apps.Delete:
			event, detail = gatehouse.AuditDeleteApp, fmt.Sprintf("The app is called %q. Its creator was deleted.", app.Name)
		case apps.NewCreatorID != "":
			detail = "The app has another creator, because its creator was deleted."
		}
		u.record(ctx, actor, event, app.ID, detail)
	}
	return list, nil
}

// SetSystemAdmin gives or takes the role system_admin. It returns ErrNotFound, and
// ErrLastSystemAdmin if no active System Admin would remain.
func (u *Users) SetSystemAdmin(ctx context.Context, actor gatehouse.Caller, userID string, admin bool) error {
	if err := u.store.SetSystemAdmin(ctx, userID, admin, time.Now()); err != nil {
		return fmt.Errorf("account: set roles: %w", err)
	}
	detail := "The user is no longer a System Admin."
	if admin {
		detail = "The user is now a System Admin."
	}
	u.record(ctx, actor, gatehouse.AuditUpdateUserRoles, userID, detail)
	return nil
}

func (u *Users) record(ctx context.Context, actor gatehouse.Caller, event, targetID, detail string) {
	u.audit.Record(ctx, gatehouse.AuditEvent{ActorID: actor.User.ID, Event: event, TargetID: targetID, Detail: detail})
}
