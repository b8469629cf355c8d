package storage

import (
	"context"
	"time"

	"gorm.io/gorm"

	"gatehouse"
)

// maxSessionsPerUser bounds what one person, or somebody with their password,
// can pile up (C 2.2).
const maxSessionsPerUser = 500

const selectSession = "SELECT s.id, s.token_hash, s.user_id, s.user_agent, s.ip, s.create_at, s.last_seen_at, s.expires_at, " +
	userColumns + " FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = ?"

func (r *sessionRow) fields() []any {
	return []any{&r.ID, &r.TokenHash, &r.UserID, &r.UserAgent, &r.IP, &r.CreateAt, &r.LastSeenAt, &r.ExpiresAt}
}

// CreateSession signs a person in. When they have 500 sessions, the least
// recently seen one goes. ErrNotFound if the user is gone or deactivated.
func (s *Store) CreateSession(ctx context.Context, session gatehouse.Session) error {
	err := s.transact(ctx, func(tx *gorm.DB) error {
		// The lock makes DeactivateUser wait for us or us for it: a sign-in that
		// races with it cannot leave a session that works after reactivation.
		err := affectedOne(tx.Exec("INSERT INTO sessions (id, token_hash, user_id, user_agent, ip, create_at, last_seen_at, expires_at) "+
			"SELECT ?, ?, u.id, ?, ?, ?, ?, ? FROM users u WHERE u.id = ? AND u.delete_at = 0"+s.forShare,
			session.ID, session.TokenHash, cut(session.UserAgent, 256), cut(session.IP, 64),
			millis(session.CreateAt), millis(session.LastSeenAt), millis(session.ExpiresAt), text(session.UserID)))
		if err != nil {
			return err
		}
		return tx.Exec("DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE user_id = ? AND id <> ? ORDER BY last_seen_at DESC, id LIMIT ? OFFSET ?)",
			text(session.UserID), session.ID, maxSessionsPerUser, maxSessionsPerUser-1).Error
	})
	return s.fail("create session", err)
}

// SessionByTokenHash returns a session and who it belongs to. It does not
// judge: the caller looks at the session's expiry and whether the user is
// active. ErrNotFound.
func (s *Store) SessionByTokenHash(ctx context.Context, hash string) (gatehouse.Session, gatehouse.User, error) {
	var session sessionRow
	var user userRow
	err := scanOne(s.read(ctx).Raw(selectSession, hash), append(session.fields(), user.fields()...)...)
	if err != nil {
		return gatehouse.Session{}, gatehouse.User{}, s.fail("get session", err)
	}
	return session.session(), user.user(), nil
}

// TouchSession moves a session's last use and expiry forward. The caller does so
// at most every gatehouse.SessionTouchInterval. No error if it is gone.
func (s *Store) TouchSession(ctx context.Context, id string, lastSeen, expires time.Time) error {
	err := s.write(ctx).Exec("UPDATE sessions SET last_seen_at = ?, expires_at = ? WHERE id = ? AND last_seen_at < ?",
		millis(lastSeen), millis(expires), id, millis(lastSeen)).Error
	return s.fail("touch session", err)
}

// DeleteSession signs out. No error if it is gone already.
func (s *Store) DeleteSession(ctx context.Context, id string) error {
	return s.fail("delete session", s.write(ctx).Exec("DELETE FROM sessions WHERE id = ?", text(id)).Error)
}

// DeleteUserSessions signs a person out everywhere, but for one session if
// exceptSessionID is not empty. It returns how many sessions ended.
func (s *Store) DeleteUserSessions(ctx context.Context, userID, exceptSessionID string) (int64, error) {
	result := s.write(ctx).Exec("DELETE FROM sessions WHERE user_id = ? AND id <> ?", text(userID), text(exceptSessionID))
	return result.RowsAffected, s.fail("delete sessions", result.Error)
}

// UserSessions lists a person's sessions, the most recently seen first, expired
// ones that were not reaped yet included.
func (s *Store) UserSessions(ctx context.Context, userID string) ([]gatehouse.Session, error) {
	var rows []sessionRow
	if err := s.read(ctx).Where("user_id = ?", text(userID)).Order("last_seen_at DESC, id").Find(&rows).Error; err != nil {
		return nil, s.fail("list sessions", err)
	}
	sessions := make([]gatehouse.Session, len(rows))
	for i := range rows {
		sessions[i] = rows[i].session()
	}
	return sessions, nil
}
