package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse"
	"gatehouse/internal/audit"
	"gatehouse/internal/web"
)

// Device is where a user signs in from.
type Device struct {
	IP        string
	UserAgent string
}

// ServiceConfig configures a Service.
type ServiceConfig struct {
	Store  Store
	Hasher *Hasher
	// Secret is the key material for the ids of rate limits. All nodes have the same.
	Secret []byte
	Log    *slog.Logger
}

// Service checks passwords, and starts and ends sessions. It is safe for concurrent use.
type Service struct {
	store   Store
	hasher  *Hasher
	limiter limiter
	audit   audit.Trail
}

// NewService returns a Service. It returns an error if no key can be derived from the secret.
func NewService(c ServiceConfig) (*Service, error) {
	limiter, err := newLimiter(c.Store, c.Secret)
	if err != nil {
		return nil, err
	}
	return &Service{store: c.Store, hasher: c.Hasher, limiter: limiter, audit: audit.NewTrail(c.Store, c.Log)}, nil
}

// SignIn checks a user's password. loginID is a username or an email address.
//
// It refuses with a *web.Error: 400 if the password is empty; 401 if the password is
// wrong, the login is unknown or the user is deactivated; 429 with a
// *TooManyAttemptsError as the cause; 503 if too many others are signing in. An
// unknown login, a wrong password and a user without a password get the same answer
// after the same work, so that the answer does not tell whether a user exists.
func (s *Service) SignIn(ctx context.Context, loginID, password string, from Device) (gatehouse.User, error) {
	return s.signIn(ctx, strings.TrimSpace(loginID), password, from, s.store.UserByLogin)
}

// SignInByID is SignIn for the contract's member "id", which holds a user id (C 1.13).
func (s *Service) SignInByID(ctx context.Context, id, password string, from Device) (gatehouse.User, error) {
	return s.signIn(ctx, id, password, from, s.store.User)
}

type findUser func(ctx context.Context, login string) (gatehouse.User, error)

func (s *Service) signIn(ctx context.Context, login, password string, from Device, find findUser) (gatehouse.User, error) {
	if password == "" {
		return gatehouse.User{}, errBlankPassword()
	}
	var user gatehouse.User // The zero User has no password hash, which no password matches.
	if plausibleLogin(login) {
		found, err := find(ctx, login)
		switch {
		case err == nil:
			user = found
		case !errors.Is(err, gatehouse.ErrNotFound):
			return gatehouse.User{}, fmt.Errorf("account: sign in: %w", err)
		}
	}
	match, succeeded, err := s.attempt(ctx, strings.ToLower(login), user, password, from)
	if err != nil {
		return gatehouse.User{}, err
	}
	refuse := func(reason error, detail string) (gatehouse.User, error) {
		s.audit.Record(ctx, gatehouse.AuditEvent{
			Event: gatehouse.AuditLogin, TargetID: user.ID, IP: from.IP, Outcome: gatehouse.OutcomeFail, Detail: detail,
		})
		return gatehouse.User{}, reason
	}
	switch {
	case user.ID == "":
		// The event does not hold the login: users type their password into the wrong field.
		return refuse(errInvalidCredentials(), "No user has this username or email.")
	case !match:
		return refuse(errInvalidCredentials(), "The password was wrong.")
	case !user.Active():
		return refuse(errInactive(), "The account is deactivated.")
	}
	if err := succeeded(); err != nil {
		return gatehouse.User{}, err
	}
	return user, nil
}

// CheckOwnPassword checks the current password of a signed-in user. The attempt counts as
// a sign-in with the username, so that a stolen session can't be used to guess the password.
// It returns a *gatehouse.FieldError for current_password, and refuses like SignIn
// with 429 and 503.
func (s *Service) CheckOwnPassword(ctx context.Context, user gatehouse.User, password string, from Device) error {
	if password == "" {
		return &gatehouse.FieldError{Field: "current_password", Message: "Please enter your current password."}
	}
	match, succeeded, err := s.attempt(ctx, user.Username, user, password, from)
	if err != nil {
		return err
	}
	if match {
		return succeeded()
	}
	s.audit.Record(ctx, gatehouse.AuditEvent{
		ActorID: user.ID, Event: gatehouse.AuditUpdatePassword, TargetID: user.ID, IP: from.IP,
		Outcome: gatehouse.OutcomeFail, Detail: "The current password was wrong.",
	})
	return &gatehouse.FieldError{Field: "current_password", Message: "This isn't your current password."}
}

// attempt compares a password with that of a user, as one attempt of the login; user is
// the zero User if no user has the login. After a success the caller calls succeeded. It
// returns a *web.Error with status 429 or 503 if the password was not compared.
//
// An attempt that waits in vain for the Hasher is not given back. Otherwise a client could
// fill the queue again and again at no cost.
func (s *Service) attempt(ctx context.Context, login string, user gatehouse.User, password string, from Device) (match bool, succeeded func() error, err error) {
	succeeded, wait, err := s.limiter.takeAttempt(ctx, login, user.ID, from.IP)
	if err != nil {
		return false, nil, err
	}
	if wait > 0 {
		// Not audited: a flood of refused attempts would fill the database. The failures
		// that used up the rate limit are audited.
		return false, nil, errTooManyAttempts(wait)
	}
	client := web.Client{IP: from.IP}
	match, err = s.hasher.Matches(web.WithClient(ctx, client), password, user.PasswordHash)
	return match, succeeded, err
}

// plausibleLogin reports whether a login can belong to a user. The others never reach
// the database: PostgreSQL refuses NUL and invalid UTF-8 with an error.
func plausibleLogin(login string) bool {
	return login != "" && len(login) <= maxEmailLength && utf8.ValidString(login) && !strings.ContainsFunc(login, unicode.IsControl)
}
