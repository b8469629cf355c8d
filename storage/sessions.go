package storage

import (
	"context"
	"time"

	"gorm.io/gorm"

	"gatehouse"
)

type sessionRow struct {
	ID         string
	TokenHash  string
	UserID     string
	UserAgent  string
	IP         string `gorm:"column:ip"`
	CreateAt   int64
	LastSeenAt int64
	ExpiresAt  int64
}

func (sessionRow) TableName() string { return "sessions" }

func (r *sessionRow) session() gatehouse.Session {
	return gatehouse.Session{
		ID: r.ID, TokenHash: r.TokenHash, UserID: r.UserID, UserAgent: r.UserAgent, IP: r.IP,
		CreateAt: fromMillis(r.CreateAt), LastSeenAt: fromMillis(r.LastSeenAt), ExpiresAt: fromMillis(r.ExpiresAt),
	}
}

// maxSessionsPerUser is the maximum number of sessions of a user. It bounds what a
// user, or an attacker with the user's password, can store (C 2.2).
const maxSessionsPerUser = 500

const selectSession = "SELECT s.id, s.token_hash, s.user_id, s.user_agent, s.ip, s.create_at, s.last_seen_at, s.expires_at, " +
	userColumns + " FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = ?"

func (r *sessionRow) fields() []any {
	return []any{&r.ID, &r.TokenHash, &r.UserID, &r.UserAgent, &r.IP, &r.CreateAt, &r.LastSeenAt, &r.ExpiresAt}
}

// CreateSession stores a new session. If the user then has more than 500 sessions, it
// deletes the least recently seen one. It returns ErrNotFound if the user does not
// exist or is deactivated.
func (s *Store) CreateSession(ctx context.Context, session gatehouse.Session) error {
	err := s.transact(ctx, func(tx *gorm.DB) error {
		// This transaction and DeactivateUser wait for each other on the lock. Without it,
		// the session could work after the user is activated again.
		err := affectedOne(tx.Exec("INSERT INTO sessions (id, token_hash, user_id, user_agent, ip, create_at, last_seen_at, expires_at) "+
			"SELECT @id, @token_hash, u.id, @user_agent, @ip, @create_at, @last_seen_at, @expires_at "+
			"FROM users u WHERE u.id = @user_id AND u.delete_at = 0"+s.forShare, map[string]any{
			"id": session.ID, "token_hash": session.TokenHash, "user_id": text(session.UserID),
			"user_agent": cut(session.UserAgent, 256), "ip": cut(session.IP, 64),
			"create_at": millis(session.CreateAt), "last_seen_at": millis(session.LastSeenAt), "expires_at": millis(session.ExpiresAt),
		}))
		if err != nil {
			return err
		}
		_, err = endSessions(tx, session.CreateAt, "id IN (SELECT id FROM sessions WHERE user_id = ? AND id <> ? ORDER BY last_seen_at DESC, id LIMIT ? OFFSET ?)",
			text(session.UserID), session.ID, maxSessionsPerUser, maxSessionsPerUser-1)
		return err
	})
	return s.fail("create session", err)
}

// RenewSession gives the session previous the token, the device and the times of renewed,
// after its user has signed in again. It returns ErrNotFound if previous has another token
// by now or does not exist, or if the user is deactivated.
func (s *Store) RenewSession(ctx context.Context, previous, renewed gatehouse.Session) error {
	// A deactivation deletes the session, so either it or this update comes first.
	return s.fail("renew session", affectedOne(s.write(ctx).Exec("UPDATE sessions SET token_hash = @token_hash, user_agent = @user_agent, ip = @ip, "+
		"create_at = @create_at, last_seen_at = @last_seen_at, expires_at = @expires_at "+
		"WHERE id = @id AND token_hash = @previous AND EXISTS (SELECT 1 FROM users u WHERE u.id = sessions.user_id AND u.delete_at = 0)", map[string]any{
		"id": text(previous.ID), "previous": text(previous.TokenHash), "token_hash": renewed.TokenHash,
		"user_agent": cut(renewed.UserAgent, 256), "ip": cut(renewed.IP, 64),
		"create_at": millis(renewed.CreateAt), "last_seen_at": millis(renewed.LastSeenAt), "expires_at": millis(renewed.ExpiresAt),
	})))
}

// SessionByTokenHash returns a session and its user. The caller checks whether the
// session has expired and whether the user is active. SessionByTokenHash returns
// ErrNotFound if the session does not exist.
func (s *Store) SessionByTokenHash(ctx context.Context, hash string) (gatehouse.Session, gatehouse.User, error) {
	var session sessionRow
	var user userRow
	err := scanOne(s.read(ctx).Raw(selectSession, hash), append(session.fields(), user.fields()...)...)
	if err != nil {
		return gatehouse.Session{}, gatehouse.User{}, s.fail("get session", err)
	}
	return session.session(), user.user(), nil
}

// TouchSession moves LastSeenAt and ExpiresAt of a session forward. The caller does so
// at most once in each gatehouse.SessionTouchInterval. It returns no error if the
// session does not exist.
func (s *Store) TouchSession(ctx context.Context, id string, lastSeen, expires time.Time) error {
	err := s.write(ctx).Exec("UPDATE sessions SET last_seen_at = ?, expires_at = ? WHERE id = ? AND last_seen_at < ?",
		millis(lastSeen), millis(expires), id, millis(lastSeen)).Error
	return s.fail("touch session", err)
}

// DeleteSession ends a session. The apps that signed the user in during it get a logout
// token. It returns no error if the session does not exist.
func (s *Store) DeleteSession(ctx context.Context, id string, now time.Time) error {
	err := s.transact(ctx, func(tx *gorm.DB) error {
		_, err := endSessions(tx, now, "id = ?", text(id))
		return err
	})
	return s.fail("delete session", err)
}

// DeleteUserSessions ends all sessions of a user, except the one with exceptSessionID
// if that is not empty. The apps that signed the user in during one of them get a logout
// token. It returns the number of sessions that ended.
func (s *Store) DeleteUserSessions(ctx context.Context, userID, exceptSessionID string, now time.Time) (ended int64, err error) {
	err = s.transact(ctx, func(tx *gorm.DB) error {
		ended, err = endSessions(tx, now, "user_id = ? AND id <> ?", text(userID), text(exceptSessionID))
		return err
	})
	return ended, s.fail("delete sessions", err)
}

// endSessions deletes the sessions of a user that match the condition, and adds the logout
// tokens of their apps to the outbox. It returns how many sessions ended.
func endSessions(tx *gorm.DB, now time.Time, condition string, args ...any) (int64, error) {
	var ended []sessionRow
	if err := tx.Raw("DELETE FROM sessions WHERE "+condition+" RETURNING id, user_id", args...).Scan(&ended).Error; err != nil || len(ended) == 0 {
		return 0, err
	}
	ids := make([]string, len(ended))
	for i := range ended {
		ids[i] = ended[i].ID
	}
	// The user leads to the grants by an index.
	err := queueLogouts(tx, now, "c.user_id = @user AND g.session_id IN @sessions", map[string]any{"user": ended[0].UserID, "sessions": ids})
	return int64(len(ended)), err
}

// UserSessions lists the sessions of a user, the most recently seen first. The list
// includes expired sessions that are not reaped yet.
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
