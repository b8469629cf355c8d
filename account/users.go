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

// UserStore is what managing people needs of the storage.
type UserStore interface {
	// CreateUser returns ErrUsernameTaken or ErrEmailTaken.
	CreateUser(ctx context.Context, u gatehouse.User) error
	// CreateFirstUser returns ErrConflict when there is a user already.
	CreateFirstUser(ctx context.Context, u gatehouse.User) error
	// SetSystemAdmin returns ErrNotFound and ErrLastSystemAdmin.
	SetSystemAdmin(ctx context.Context, id string, admin bool, now time.Time) error
	// SetPassword ends all sessions but one, and kills all grants. ErrNotFound.
	SetPassword(ctx context.Context, userID, hash, exceptSessionID string, now time.Time) error
	// DeactivateUser ends all sessions and kills all grants. ErrNotFound, ErrLastSystemAdmin.
	DeactivateUser(ctx context.Context, id string, now time.Time) error
	// ActivateUser returns ErrNotFound.
	ActivateUser(ctx context.Context, id string, now time.Time) error
}

// Users makes and changes accounts: for the command line, the console and the
// set-up page. Whether somebody may do so is for the caller to decide; `by` is
// who does it, for the audit log, and zero for the command line.
type Users struct {
	store  UserStore
	hasher *Hasher
	audit  audit.Trail
}

// NewUsers returns Users.
func NewUsers(store UserStore, recorder audit.Recorder, hasher *Hasher, log *slog.Logger) *Users {
	return &Users{store: store, hasher: hasher, audit: audit.NewTrail(recorder, log)}
}

// CreateUser makes an account from the names, email, locale and roles of user.
// Username and email are made lower case; without roles it is an ordinary user's.
// It returns a *gatehouse.FieldError for each rule that is broken, joined; also
// for a username or email that is taken, together with ErrUsernameTaken or ErrEmailTaken.
func (p *Users) CreateUser(ctx context.Context, by gatehouse.Caller, user gatehouse.User, password string) (gatehouse.User, error) {
	user, err := p.newUser(ctx, user, password)
	if err != nil {
		return gatehouse.User{}, err
	}
	if err := p.store.CreateUser(ctx, user); err != nil {
		return gatehouse.User{}, fmt.Errorf("account: create user: %w", explainTaken(err))
	}
	p.record(ctx, by, gatehouse.AuditCreateUser, user.ID, "")
	return user, nil
}

// CreateFirstUser makes the first System Admin, and returns ErrConflict when
// there is a user already: of racing calls one succeeds. Its other errors are
// those of CreateUser.
func (p *Users) CreateFirstUser(ctx context.Context, user gatehouse.User, password string) (gatehouse.User, error) {
	user.Roles = []string{gatehouse.RoleSystemUser, gatehouse.RoleSystemAdmin}
	user, err := p.newUser(ctx, user, password)
	if err != nil {
		return gatehouse.User{}, err
	}
	if err := p.store.CreateFirstUser(ctx, user); err != nil {
		return gatehouse.User{}, fmt.Errorf("account: create first user: %w", err)
	}
	p.record(ctx, gatehouse.Caller{User: user}, gatehouse.AuditSystemSetUp, user.ID, "")
	return user, nil
}

func (p *Users) newUser(ctx context.Context, user gatehouse.User, password string) (gatehouse.User, error) {
	user = normalizeUser(user)
	if err := errors.Join(checkUser(user), CheckPassword(password)); err != nil {
		return gatehouse.User{}, err
	}
	hash, err := p.hasher.Hash(ctx, password)
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

// SetPassword gives a person a new password. It ends their sessions, but for the
// one in which they do it themselves, and everything that apps got for them.
// It returns a *gatehouse.FieldError, or ErrNotFound.
func (p *Users) SetPassword(ctx context.Context, by gatehouse.Caller, userID, password string) error {
	if err := CheckPassword(password); err != nil {
		return err
	}
	hash, err := p.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	keep := ""
	if by.User.ID == userID {
		keep = by.Session.ID
	}
	if err := p.store.SetPassword(ctx, userID, hash, keep, time.Now()); err != nil {
		return fmt.Errorf("account: set password: %w", err)
	}
	p.record(ctx, by, gatehouse.AuditUpdatePassword, userID, "")
	return nil
}

// SetActive deactivates a person, whose sessions and tokens die at once, or lets
// them in again. It returns ErrNotFound, and ErrLastSystemAdmin when there would be
// no active System Admin any more.
func (p *Users) SetActive(ctx context.Context, by gatehouse.Caller, userID string, active bool) error {
	change, detail := p.store.DeactivateUser, "Deactivated."
	if active {
		change, detail = p.store.ActivateUser, "Activated."
	}
	if err := change(ctx, userID, time.Now()); err != nil {
		return fmt.Errorf("account: set active: %w", err)
	}
	p.record(ctx, by, gatehouse.AuditUpdateUserActive, userID, detail)
	return nil
}

// SetSystemAdmin gives or takes the role system_admin. It returns ErrNotFound, and
// ErrLastSystemAdmin when there would be no active System Admin any more.
func (p *Users) SetSystemAdmin(ctx context.Context, by gatehouse.Caller, userID string, admin bool) error {
	if err := p.store.SetSystemAdmin(ctx, userID, admin, time.Now()); err != nil {
		return fmt.Errorf("account: set roles: %w", err)
	}
	detail := "Is no System Admin any more."
	if admin {
		detail = "Is a System Admin now."
	}
	p.record(ctx, by, gatehouse.AuditUpdateUserRoles, userID, detail)
	return nil
}

func (p *Users) record(ctx context.Context, by gatehouse.Caller, event, targetID, detail string) {
	p.audit.Record(ctx, gatehouse.AuditEvent{ActorID: by.User.ID, Event: event, TargetID: targetID, Detail: detail})
}
