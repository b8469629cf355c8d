package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gatehouse"
	"gatehouse/internal/web"
)

// maxUserAgent is how much of the User-Agent header a session keeps, in bytes.
const maxUserAgent = 256

// StartSession signs in a user whom SignIn returned, and returns the raw session token,
// which is stored only as a hash. previous is the session that the browser had before, or
// the zero value. Its token is useless afterwards (session fixation). If the same user signs
// in again, the session keeps its id, so that the sid of its ID tokens stays the same. A
// session of another user ends.
//
// It refuses with a *web.Error with status 401 if the user was deactivated or the
// password was changed since SignIn checked it.
func (s *Service) StartSession(ctx context.Context, user gatehouse.User, from Device, previous gatehouse.Session) (token string, err error) {
	now := time.Now()
	token = gatehouse.NewSecret()
	session := gatehouse.Session{
		ID:         gatehouse.NewID(),
		TokenHash:  gatehouse.HashSecret(token),
		UserID:     user.ID,
		UserAgent:  cutText(from.UserAgent, maxUserAgent),
		IP:         from.IP,
		CreateAt:   now,
		LastSeenAt: now,
		ExpiresAt:  now.Add(gatehouse.SessionLifetime),
	}
	session.ID, err = s.storeSession(ctx, session, previous)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return "", errInactive() // deactivated since the password was checked
	}
	if err != nil {
		return "", fmt.Errorf("account: start session: %w", err)
	}
	// A password change ends all sessions. If it came between SignIn and here, it did not
	// see this session.
	current, err := s.store.User(ctx, user.ID)
	if err == nil && (current.PasswordHash != user.PasswordHash || !current.Active()) {
		err = errInvalidCredentials()
	}
	if err != nil {
		ctx, done := web.Detach(ctx)
		defer done()
		return "", errors.Join(fmt.Errorf("account: start session: %w", err), s.store.DeleteSession(ctx, session.ID, now))
	}
	if previous.ID != "" && previous.UserID != user.ID {
		if err := s.store.DeleteSession(ctx, previous.ID, now); err != nil {
			return "", fmt.Errorf("account: end the previous session: %w", err)
		}
	}
	s.audit.Record(ctx, gatehouse.AuditEvent{ActorID: user.ID, Event: gatehouse.AuditLogin, TargetID: user.ID, IP: from.IP})
	return token, nil
}

// storeSession renews the previous session if it belongs to the same user, and otherwise
// creates the session. It returns the id of the session. If the previous session has just
// ended, or another request renewed it at the same time, it creates one too.
func (s *Service) storeSession(ctx context.Context, session, previous gatehouse.Session) (id string, err error) {
	if previous.UserID == session.UserID {
		err := s.store.RenewSession(ctx, previous, session)
		if !errors.Is(err, gatehouse.ErrNotFound) {
			return previous.ID, err
		}
	}
	return session.ID, s.store.CreateSession(ctx, session)
}

// RenewSession gives the session of the caller, who has just proved the password, a new
// session token, and returns it.
func (s *Service) RenewSession(ctx context.Context, caller gatehouse.Caller, from Device) (token string, err error) {
	user, err := s.store.User(ctx, caller.User.ID)
	if err != nil {
		return "", fmt.Errorf("account: renew session: %w", err)
	}
	return s.StartSession(ctx, user, from, caller.Session)
}

// EndSession signs out a caller who has a session.
func (s *Service) EndSession(ctx context.Context, caller gatehouse.Caller, from Device) error {
	if err := s.store.DeleteSession(ctx, caller.Session.ID, time.Now()); err != nil {
		return fmt.Errorf("account: end session: %w", err)
	}
	s.audit.Record(ctx, gatehouse.AuditEvent{ActorID: caller.User.ID, Event: gatehouse.AuditLogout, TargetID: caller.User.ID, IP: from.IP})
	return nil
}

// EndGrant signs out a caller that has an access token: it revokes the grant, and with
// it the refresh token. The consent stays (C 2.12).
func (s *Service) EndGrant(ctx context.Context, caller gatehouse.Caller, from Device) error {
	if err := s.store.RevokeGrant(ctx, caller.Grant.ID, time.Now()); err != nil {
		return fmt.Errorf("account: end grant: %w", err)
	}
	s.audit.Record(ctx, gatehouse.AuditEvent{ActorID: caller.User.ID, Event: gatehouse.AuditLogout, TargetID: caller.Grant.AppID, IP: from.IP})
	return nil
}

// EndOtherSessions ends all sessions of the caller except the current one, and returns
// how many. Grants of apps stay.
func (s *Service) EndOtherSessions(ctx context.Context, caller gatehouse.Caller, from Device) (int64, error) {
	n, err := s.store.DeleteUserSessions(ctx, caller.User.ID, caller.Session.ID, time.Now())
	if err != nil {
		return 0, fmt.Errorf("account: end other sessions: %w", err)
	}
	s.audit.Record(ctx, gatehouse.AuditEvent{ActorID: caller.User.ID, Event: gatehouse.AuditRevokeSessions, TargetID: caller.User.ID, IP: from.IP})
	return n, nil
}

// EndOwnSession ends one session of the caller's own. Grants of apps stay.
func (s *Service) EndOwnSession(ctx context.Context, caller gatehouse.Caller, session gatehouse.Session, from Device) error {
	if err := s.store.DeleteSession(ctx, session.ID, time.Now()); err != nil {
		return fmt.Errorf("account: end own session: %w", err)
	}
	s.audit.Record(ctx, gatehouse.AuditEvent{
		ActorID: caller.User.ID, Event: gatehouse.AuditRevokeSessions, TargetID: caller.User.ID, IP: from.IP,
		Detail: "One session was signed out.",
	})
	return nil
}

// cutText makes the text of a header storable: at most n bytes of valid UTF-8, without NUL.
func cutText(s string, n int) string {
	s = strings.ToValidUTF8(s[:min(len(s), n)], "")
	return strings.ReplaceAll(s, "\x00", "")
}
