package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse"
	"gatehouse/internal/audit"
	"gatehouse/internal/web"
)

// SignInStore is what signing in and out needs of the storage.
type SignInStore interface {
	// UserByLogin finds by username or e-mail, in any case. ErrNotFound: nobody has it.
	UserByLogin(ctx context.Context, loginID string) (gatehouse.User, error)
	// User returns ErrNotFound when there is none.
	User(ctx context.Context, id string) (gatehouse.User, error)
	// CreateSession drops the least recently seen session of a person who has too
	// many. ErrNotFound: the person is gone or deactivated.
	CreateSession(ctx context.Context, s gatehouse.Session) error
	// DeleteSession returns no error if there is none.
	DeleteSession(ctx context.Context, id string) error
	// DeleteUserSessions deletes all of a person's sessions but one, and says how many.
	DeleteUserSessions(ctx context.Context, userID, exceptSessionID string) (int64, error)
	RateLimitStore
}

// Device is where a person signs in from.
type Device struct {
	IP        string
	UserAgent string
}

// Service signs people in and out. It is safe for concurrent use.
type Service struct {
	store    SignInStore
	hasher   *Hasher
	throttle throttle
	audit    audit.Trail
}

// NewService returns a Service. All nodes have the same secret.
func NewService(store SignInStore, recorder audit.Recorder, hasher *Hasher, secret []byte, log *slog.Logger) (*Service, error) {
	throttle, err := newThrottle(store, secret)
	if err != nil {
		return nil, err
	}
	return &Service{store: store, hasher: hasher, throttle: throttle, audit: audit.NewTrail(recorder, log)}, nil
}

// SignIn checks who somebody is. loginID is a username or an e-mail address.
//
// Its refusals are *web.Error: 400 for a blank password, 401 for a wrong one, an
// unknown login and a deactivated person, 429 with a *TooManyAttemptsError behind
// it, and 503 when too many others are signing in. An unknown login, a wrong
// password and a person without a password cost the same work and read the same.
func (s *Service) SignIn(ctx context.Context, loginID, password string, from Device) (gatehouse.User, error) {
	return s.signIn(ctx, strings.TrimSpace(loginID), password, from, s.store.UserByLogin)
}

// SignInByID is SignIn for the contract's `id` member, which names a person by user id (C 1.13).
func (s *Service) SignInByID(ctx context.Context, id, password string, from Device) (gatehouse.User, error) {
	return s.signIn(ctx, id, password, from, s.store.User)
}

type findUser func(ctx context.Context, login string) (gatehouse.User, error)

func (s *Service) signIn(ctx context.Context, login, password string, from Device, find findUser) (gatehouse.User, error) {
	if password == "" {
		return gatehouse.User{}, errBlankPassword()
	}
	var user gatehouse.User // the zero User has no password: nothing matches it
	subject := strings.ToLower(login)
	if plausibleLogin(login) {
		found, err := find(ctx, login)
		switch {
		case err == nil:
			user, subject = found, found.ID
		case !errors.Is(err, gatehouse.ErrNotFound):
			return gatehouse.User{}, fmt.Errorf("account: sign in: %w", err)
		}
	}
	if err := s.hasher.room(); err != nil {
		return gatehouse.User{}, err
	}
	// Refused tries are not audited: a storm of them would fill the database. The
	// failures that used up the budget are.
	giveBack, wait, err := s.throttle.take(ctx, subject, from.IP)
	switch {
	case err != nil:
		return gatehouse.User{}, err
	case wait > 0:
		return gatehouse.User{}, errTooManyAttempts(wait)
	}
	match, err := s.hasher.Matches(ctx, password, user.PasswordHash)
	if err != nil { // nothing was tried
		return gatehouse.User{}, errors.Join(err, giveBack())
	}
	event := gatehouse.AuditEvent{Event: gatehouse.AuditLogin, TargetID: user.ID, IP: from.IP, Outcome: gatehouse.OutcomeFail}
	switch {
	case user.ID == "":
		event.Detail = "There is no such username or email." // which one may be a mistyped password
		err = errInvalidCredentials()
	case !match:
		event.Detail = "The password was wrong."
		err = errInvalidCredentials()
	case !user.Active():
		event.Detail = "The account is deactivated."
		err = errInactive()
	default:
		if err := giveBack(); err != nil {
			return gatehouse.User{}, err
		}
		return user, nil
	}
	s.audit.Record(ctx, event)
	return gatehouse.User{}, err
}

// plausibleLogin keeps from the database what nobody can be called: it is too
// long, or no text (PostgreSQL refuses NUL and broken UTF-8 with an error).
func plausibleLogin(login string) bool {
	return login != "" && len(login) <= MaxEmailLength && utf8.ValidString(login) && !strings.ContainsFunc(login, unicode.IsControl)
}

// StartSession makes a session for a person whom SignIn returned. The raw token
// goes to the caller and is kept nowhere; endSessionID is the session that the
// browser had before ("" if none), which ends: a token known before signing in
// is worth nothing after it (session fixation).
func (s *Service) StartSession(ctx context.Context, user gatehouse.User, from Device, endSessionID string) (token string, session gatehouse.Session, err error) {
	now := time.Now()
	token = gatehouse.NewSecret()
	session = gatehouse.Session{
		ID:         gatehouse.NewID(),
		TokenHash:  gatehouse.HashSecret(token),
		UserID:     user.ID,
		UserAgent:  cutText(from.UserAgent, 256),
		IP:         from.IP,
		CreateAt:   now,
		LastSeenAt: now,
		ExpiresAt:  now.Add(gatehouse.SessionLifetime),
	}
	err = s.store.CreateSession(ctx, session)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return "", gatehouse.Session{}, errInactive() // since the password was checked
	}
	if err != nil {
		return "", gatehouse.Session{}, fmt.Errorf("account: start session: %w", err)
	}
	// Between the check of the password and this moment it may have been changed,
	// which ends all sessions but cannot know of this one.
	current, err := s.store.User(ctx, user.ID)
	if err == nil && (current.PasswordHash != user.PasswordHash || !current.Active()) {
		err = errInvalidCredentials()
	}
	if err != nil {
		ctx, done := web.Outlive(ctx)
		defer done()
		return "", gatehouse.Session{}, errors.Join(fmt.Errorf("account: start session: %w", err), s.store.DeleteSession(ctx, session.ID))
	}
	if endSessionID != "" {
		if err := s.store.DeleteSession(ctx, endSessionID); err != nil {
			return "", gatehouse.Session{}, fmt.Errorf("account: end the session before: %w", err)
		}
	}
	s.audit.Record(ctx, gatehouse.AuditEvent{ActorID: user.ID, Event: gatehouse.AuditLogin, TargetID: user.ID, IP: from.IP})
	return token, session, nil
}

// EndSession signs the caller out, who came with a session.
func (s *Service) EndSession(ctx context.Context, who gatehouse.Caller, from Device) error {
	if err := s.store.DeleteSession(ctx, who.Session.ID); err != nil {
		return fmt.Errorf("account: end session: %w", err)
	}
	s.audit.Record(ctx, gatehouse.AuditEvent{ActorID: who.User.ID, Event: gatehouse.AuditLogout, TargetID: who.User.ID, IP: from.IP})
	return nil
}

// EndGrant signs out an app that came with an access token: the grant ends, and
// its refresh token with it. The consent stays (C 2.12).
func (s *Service) EndGrant(ctx context.Context, who gatehouse.Caller, grants GrantRevoker, from Device) error {
	if err := grants.RevokeGrant(ctx, who.Grant.ID, time.Now()); err != nil {
		return fmt.Errorf("account: end grant: %w", err)
	}
	s.audit.Record(ctx, gatehouse.AuditEvent{ActorID: who.User.ID, Event: gatehouse.AuditLogout, TargetID: who.Grant.AppID, IP: from.IP})
	return nil
}

// EndOtherSessions signs the caller out everywhere but here, and says of how many
// sessions. What apps were granted stays.
func (s *Service) EndOtherSessions(ctx context.Context, who gatehouse.Caller, from Device) (int64, error) {
	n, err := s.store.DeleteUserSessions(ctx, who.User.ID, who.Session.ID)
	if err != nil {
		return 0, fmt.Errorf("account: end other sessions: %w", err)
	}
	s.audit.Record(ctx, gatehouse.AuditEvent{ActorID: who.User.ID, Event: gatehouse.AuditRevokeSessions, TargetID: who.User.ID, IP: from.IP})
	return n, nil
}

// cutText makes text of a header fit to be stored: valid UTF-8, at most n bytes.
func cutText(s string, n int) string {
	s = strings.ToValidUTF8(s[:min(len(s), n)], "")
	return strings.ReplaceAll(s, "\x00", "")
}
