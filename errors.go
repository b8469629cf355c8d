package gatehouse

import "errors"

// The errors that storage and services return to their callers. Compare them with
// errors.Is. Each error format turns them into a response in one place.
var (
	// ErrNotFound means that a row does not exist, or that a row to which a new one
	// refers was deleted.
	ErrNotFound = errors.New("not found")
	// ErrConflict means that a row exists already, or that another request changed it first.
	ErrConflict = errors.New("conflict")
	// ErrUsernameTaken and ErrEmailTaken are conflicts that the user can resolve by
	// choosing another value.
	ErrUsernameTaken = errors.New("username is taken")
	ErrEmailTaken    = errors.New("email is taken")
	// ErrGroupNameTaken is a conflict that the user can resolve by choosing another name.
	ErrGroupNameTaken = errors.New("group name is taken")
	// ErrGroupNotFound means that a group that should get access to an app does not exist.
	ErrGroupNotFound = errors.New("the group does not exist")
	// ErrNoAccess means that the user is in none of the groups that may use the app.
	ErrNoAccess = errors.New("the user may not use the app")
	// ErrLastSystemAdmin means that no active System Admin would remain.
	ErrLastSystemAdmin = errors.New("the last active system admin")
	// ErrNewCreatorNotFound means that the user who would manage the apps of a deleted user
	// does not exist, is deactivated, or is the deleted user.
	ErrNewCreatorNotFound = errors.New("the new creator of the apps is not an active user")
	// ErrUnavailable means that the database cannot be reached, is locked, read-only or
	// full, or did not answer in time. The same request may succeed later (503 with
	// Retry-After). Nothing was written, unless the commit itself failed or took too
	// long: then it is not known whether it took effect.
	ErrUnavailable = errors.New("storage is unavailable")
	// ErrRateLimited means that a rate limit has no attempt left. Nothing was written.
	ErrRateLimited = errors.New("rate limited")
	// ErrSettingFixed means that an environment variable fixes the setting.
	ErrSettingFixed = errors.New("setting is fixed by the environment")
)

// FieldError is a value from a user or a client that breaks a rule. Message is a
// sentence for them that says what is wrong and what to change.
type FieldError struct {
	Field   string // the field's name as its API spells it, "callback_urls"
	Message string
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Message }

// FieldErrors lists every FieldError in the tree of err, in order.
func FieldErrors(err error) []*FieldError {
	switch e := err.(type) { //nolint:errorlint // it walks the tree itself
	case *FieldError:
		return []*FieldError{e}
	case interface{ Unwrap() []error }:
		var all []*FieldError
		for _, inner := range e.Unwrap() {
			all = append(all, FieldErrors(inner)...)
		}
		return all
	case interface{ Unwrap() error }:
		return FieldErrors(e.Unwrap())
	}
	return nil
}
