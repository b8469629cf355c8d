package storage

import (
	"context"
	"time"

	"gorm.io/gorm"

	"gatehouse"
)

type outboxRow struct {
	ID        string
	AppID     string
	UserID    string
	SessionID string
	CreateAt  int64
	Attempts  int64
}

func (r outboxRow) delivery() gatehouse.LogoutDelivery {
	return gatehouse.LogoutDelivery{AppID: r.AppID, UserID: r.UserID, SessionID: r.SessionID, CreateAt: fromMillis(r.CreateAt), Attempts: r.Attempts}
}

func logoutID(appID, sessionID string) string { return "logout " + appID + " " + sessionID }

// queueLogouts adds a logout token to the outbox for each app and session of the grants
// that match the condition on g (grants) and c (consents), if the app has registered for
// it. It belongs to the transaction that ends the sessions or the grants. The caller has
// locked them before: all transactions lock sessions, then consents, then the outbox.
//
// If the token is in the outbox already, it counts as new: a node that delivers the old one
// at this moment does not remove it (FinishLogoutDelivery).
func queueLogouts(tx *gorm.DB, now time.Time, condition string, args map[string]any) error {
	args["now"] = millis(now)
	return tx.Exec("INSERT INTO outbox (id, kind, app_id, user_id, session_id, create_at, attempts, next_attempt_at) "+
		"SELECT DISTINCT 'logout ' || c.app_id || ' ' || g.session_id, 'logout', c.app_id, c.user_id, g.session_id, CAST(@now AS BIGINT), 0, CAST(@now AS BIGINT) "+
		"FROM grants g JOIN consents c ON c.id = g.consent_id JOIN apps a ON a.id = c.app_id "+
		"WHERE a.backchannel_logout_uri <> '' AND g.session_id <> '' AND "+condition+" ORDER BY 1 "+ // in order, so that two transactions cannot deadlock
		"ON CONFLICT (id) DO UPDATE SET create_at = excluded.create_at, attempts = 0, next_attempt_at = excluded.next_attempt_at", args).Error
}

// TakeLogoutDeliveries returns at most limit deliveries that are due at the time now, the
// oldest first, and counts an attempt for each. No other node gets them before their next
// attempt.
func (s *Store) TakeLogoutDeliveries(ctx context.Context, now time.Time, limit int) ([]gatehouse.LogoutDelivery, error) {
	// The usual case costs one read, and on SQLite it does not wait for a writer.
	var due int
	err := s.read(ctx).Raw("SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE next_attempt_at <= ? LIMIT 1) AS due", millis(now)).Scan(&due).Error
	if err != nil || due == 0 {
		return nil, s.fail("look for logout deliveries", err)
	}
	var taken []gatehouse.LogoutDelivery
	err = s.transact(ctx, func(tx *gorm.DB) error {
		var rows []outboxRow
		err := tx.Raw("SELECT id, app_id, user_id, session_id, create_at, attempts FROM outbox WHERE next_attempt_at <= ? ORDER BY next_attempt_at, id LIMIT ?"+s.lockUnlocked(),
			millis(now), limit).Scan(&rows).Error
		if err != nil {
			return err
		}
		for _, row := range rows {
			next := row.delivery().NextAttempt(now)
			if err := tx.Exec("UPDATE outbox SET attempts = attempts + 1, next_attempt_at = ? WHERE id = ?", millis(next), row.ID).Error; err != nil {
				return err
			}
			row.Attempts++
			taken = append(taken, row.delivery())
		}
		return nil
	})
	if err != nil {
		return nil, s.fail("take logout deliveries", err)
	}
	return taken, nil
}

// FinishLogoutDelivery removes a delivery that TakeLogoutDeliveries has returned. It keeps
// one that was added again, or taken again, in the meantime.
func (s *Store) FinishLogoutDelivery(ctx context.Context, d gatehouse.LogoutDelivery) error {
	return s.fail("finish logout delivery", s.write(ctx).Exec("DELETE FROM outbox WHERE id = ? AND create_at = ? AND attempts = ?",
		logoutID(d.AppID, d.SessionID), millis(d.CreateAt), d.Attempts).Error)
}
