package gatehouse

import "errors"

// The errors that storage and services return to their callers. Compare with
// errors.Is; each surface turns them into a response in one place.
var (
	// ErrNotFound: there is no such row, or what a new row would hang on is gone.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the row exists already, or was changed by somebody else first.
	ErrConflict = errors.New("conflict")
	// ErrUsernameTaken and ErrEmailTaken are the conflicts a person can mend.
	ErrUsernameTaken = errors.New("username is taken")
	ErrEmailTaken    = errors.New("email is taken")
	// ErrLastSystemAdmin: nobody would be left who can manage the gateway.
	ErrLastSystemAdmin = errors.New("the last active system admin")
	// ErrUnavailable: the database is gone, locked, read-only or full. Nothing was
	// written; the same request may succeed later (503 with Retry-After).
	ErrUnavailable = errors.New("storage is unavailable")
	// ErrSettingFixed: a variable of the environment fixes this setting.
	ErrSettingFixed = errors.New("setting is fixed by the environment")
)

// FieldError is a value that a person or client gave and that breaks a rule.
// Message is a sentence for them: what is wrong and what would be right.
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
