package account

import (
	"context"
	"time"

	"gatehouse"
)

// Store is what package account needs of the storage; *storage.Store implements
// it. Each method returns gatehouse.ErrUnavailable if the database can't be reached.
type Store interface {
	// User finds a user by id, also a deactivated one. It returns ErrNotFound if the
	// user does not exist.
	User(ctx context.Context, id string) (gatehouse.User, error)
	// UsersByID returns the users with these ids, also deactivated ones, ordered by username.
	UsersByID(ctx context.Context, ids []string) ([]gatehouse.User, error)
	// UserByLogin finds a user by username or email, in any case. It returns
	// ErrNotFound if no user has it.
	UserByLogin(ctx context.Context, loginID string) (gatehouse.User, error)
	// CountUsers counts all users, also deactivated ones.
	CountUsers(ctx context.Context) (int64, error)
	// CreateUser returns ErrUsernameTaken or ErrEmailTaken if another user has the name.
	CreateUser(ctx context.Context, u gatehouse.User) error
	// CreateFirstUser returns ErrConflict if there already is a user.
	CreateFirstUser(ctx context.Context, u gatehouse.User) error
	// UpdateUser stores the names and the email that change sets. It returns ErrNotFound,
	// ErrUsernameTaken or ErrEmailTaken, or the error of change unwrapped.
	UpdateUser(ctx context.Context, id string, change func(*gatehouse.User) error) (gatehouse.User, error)
	// DeleteUser also deletes the user's sessions, consents and grants, and returns the
	// apps that the user had registered. It returns ErrNotFound, ErrLastSystemAdmin if no
	// active System Admin would remain, and ErrNewCreatorNotFound.
	DeleteUser(ctx context.Context, id string, apps gatehouse.AppsOfDeletedUser, now time.Time) ([]gatehouse.App, error)
	// SetSystemAdmin gives or takes the role system_admin. It returns ErrNotFound, and
	// ErrLastSystemAdmin if no active System Admin would remain.
	SetSystemAdmin(ctx context.Context, id string, admin bool, now time.Time) error
	// SetPassword also deletes the user's grants, and the user's sessions except
	// exceptSessionID ("" for no exception). It returns ErrNotFound.
	SetPassword(ctx context.Context, userID, hash, exceptSessionID string, now time.Time) error
	// DeactivateUser also deletes the user's sessions and grants. It returns
	// ErrNotFound, and ErrLastSystemAdmin if no active System Admin would remain.
	DeactivateUser(ctx context.Context, id string, now time.Time) error
	// ActivateUser returns ErrNotFound.
	ActivateUser(ctx context.Context, id string, now time.Time) error

	// CreateSession deletes the least recently used session of a user who has too many
	// (C 2.2). It returns ErrNotFound if the user is deactivated or does not exist.
	CreateSession(ctx context.Context, s gatehouse.Session) error
	// SessionByTokenHash also returns expired sessions and deactivated users: the
	// caller checks both. It returns ErrNotFound.
	SessionByTokenHash(ctx context.Context, hash string) (gatehouse.Session, gatehouse.User, error)
	// TouchSession returns no error if the session does not exist.
	TouchSession(ctx context.Context, id string, lastSeen, expires time.Time) error
	// UserSessions lists a user's sessions, also expired ones, the most recently used first.
	UserSessions(ctx context.Context, userID string) ([]gatehouse.Session, error)
	// RenewSession gives the session previous the token, the device and the times of
	// renewed. It returns ErrNotFound if previous has another token by now or does not
	// exist, or if the user is deactivated.
	RenewSession(ctx context.Context, previous, renewed gatehouse.Session) error
	// DeleteSession returns no error if the session does not exist.
	DeleteSession(ctx context.Context, id string, now time.Time) error
	// DeleteUserSessions deletes all sessions of a user except one, and returns how many.
	DeleteUserSessions(ctx context.Context, userID, exceptSessionID string, now time.Time) (int64, error)
	// RevokeGrant returns no error if the grant does not exist.
	RevokeGrant(ctx context.Context, id string, at time.Time) error

	// TakeAttempt takes one attempt from each rate limit, and returns 0. If one of them
	// has no attempt left, it takes nothing and returns how long to wait. It counts for
	// all nodes together.
	TakeAttempt(ctx context.Context, now time.Time, limits ...gatehouse.RateLimit) (wait time.Duration, err error)
	// UntilAttempt returns how long it takes until each limit has an attempt left.
	UntilAttempt(ctx context.Context, now time.Time, limits ...gatehouse.RateLimit) (wait time.Duration, err error)
	// ReturnAttempt gives back what TakeAttempt took.
	ReturnAttempt(ctx context.Context, limits ...gatehouse.RateLimit) error

	// Settings returns the settings, at most a second old.
	Settings(ctx context.Context) (gatehouse.Settings, error)
	// RecordAuditEvent adds an event to the audit trail. It returns ErrRateLimited if one
	// of the limits has no attempt left.
	RecordAuditEvent(ctx context.Context, e gatehouse.AuditEvent, limits ...gatehouse.RateLimit) error
}
