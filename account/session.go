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

// StartSession creates a session for a user whom SignIn returned, and returns the raw
// session token, which is stored only as a hash. It ends the session that the browser
// had before, endSessionID ("" for none), so that a token known before the sign-in is
// useless after it (session fixation).
//
// It refuses with a *web.Error with status 401 if the user was deactivated or the
// password was changed since SignIn checked it.
func (s *Service) StartSession(ctx context.Context, user gatehouse.User, from Device, endSessionID string) (token string, err error) {
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
	err = s.store.CreateSession(ctx, session)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return "", errInactive() // deactivated since the password was checked
	}
	if err != nil {
		return "", fmt.Errorf("account: start session: %w", err)
	}
	// A password change ends all sessions. If it came between SignIn and CreateSession,
	// it did not see this session.
	current, err := s.store.User(ctx, user.ID)
	if err == nil && (current.PasswordHash != user.PasswordHash || !current.Active()) {
		err = errInvalidCredentials()
	}
	if err != nil {
		ctx, done := web.Detach(ctx)
		defer done()
		return "", errors.Join(fmt.Errorf("account: start session: %w", err), s.store.DeleteSession(ctx, session.ID))
	}
	if endSessionID != "" {
		if err := s.store.DeleteSession(ctx, endSessionID); err != nil {
			return "", fmt.Errorf("account: end the previous session: %w", err)
		}
	}
	s.audit.Record(ctx, gatehouse.AuditEvent{ActorID: user.ID, Event: gatehouse.AuditLogin, TargetID: user.ID, IP: from.IP})
	return token, nil
}

// ReplaceSession gives the caller, who has just proved the password, a new session in
// place of the current one. It returns the new session token.
func (s *Service) ReplaceSession(ctx context.Context, caller gatehouse.Caller, from Device) (token string, err error) {
	user, err := s.store.User(ctx, caller.User.ID)
	if err != nil {
		return "", fmt.Errorf("account: replace session: %w", err)
	}
	return s.StartSession(ctx, user, from, caller.Session.ID)
}

// EndSession signs out a caller who has a session.
func (s *Service) EndSession(ctx context.Context, caller gatehouse.Caller, from Device) error {
	if err := s.store.DeleteSession(ctx, caller.Session.ID); err != nil {
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
	n, err := s.store.DeleteUserSessions(ctx, caller.User.ID, caller.Session.ID)
	if err != nil {
		return 0, fmt.Errorf("account: end other sessions: %w", err)
	}
	s.audit.Record(ctx, gatehouse.AuditEvent{ActorID: caller.User.ID, Event: gatehouse.AuditRevokeSessions, TargetID: caller.User.ID, IP: from.IP})
	return n, nil
}

// EndOwnSession ends one session of the caller's own. Grants of apps stay.
func (s *Service) EndOwnSession(ctx context.Context, caller gatehouse.Caller, session gatehouse.Session, from Device) error {
	if err := s.store.DeleteSession(ctx, session.ID); err != nil {
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
