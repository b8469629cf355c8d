package storage

import (
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"gatehouse"
)

const selectConsent = "SELECT id, scopes, create_at, last_used_at FROM consents WHERE user_id = ? AND app_id = ?"

// Consent returns what a person agreed to for an app. ErrNotFound if nothing.
func (s *Store) Consent(ctx context.Context, userID, appID string) (gatehouse.Consent, error) {
	row := consentRow{UserID: text(userID), AppID: text(appID)}
	err := scanOne(s.read(ctx).Raw(selectConsent, row.UserID, row.AppID), &row.ID, &row.Scopes, &row.CreateAt, &row.LastUsedAt)
	if err != nil {
		return gatehouse.Consent{}, s.fail("get consent", err)
	}
	return row.consent(), nil
}

// RecordConsent remembers a person's yes. If there is a consent already it keeps
// its id, and scopes are added to it; answers that race are all heard.
// ErrNotFound if the user is gone or deactivated, or the app is gone.
func (s *Store) RecordConsent(ctx context.Context, userID, appID string, scopes []string, now time.Time) (gatehouse.Consent, error) {
	var row consentRow
	err := s.transact(ctx, func(tx *gorm.DB) error {
		// The lock makes DeactivateUser wait for us or us for it: a yes that races
		// with it cannot leave a consent whose codes work after reactivation.
		var id string
		err := scanOne(tx.Raw("SELECT id FROM users WHERE id = ? AND delete_at = 0"+s.forShare, text(userID)), &id)
		if err != nil {
			return err
		}
		// Whoever comes second waits here until the first has committed.
		fresh := consentRow{ID: gatehouse.NewID(), UserID: id, AppID: text(appID), Scopes: joinScopes(nil, scopes), CreateAt: millis(now), LastUsedAt: millis(now)}
		inserted := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&fresh)
		if inserted.Error != nil {
			return inserted.Error
		}
		if inserted.RowsAffected == 1 {
			row = fresh
			return nil
		}
		err = tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("user_id = ? AND app_id = ?", id, text(appID)).Take(&row).Error
		if err != nil {
			return err // ErrNotFound: revoked between the two statements, and that is the later word
		}
		row.Scopes = newestScopes(joinScopes(strings.Fields(row.Scopes), scopes))
		row.LastUsedAt = max(row.LastUsedAt, millis(now))
		return tx.Exec("UPDATE consents SET scopes = ?, last_used_at = ? WHERE id = ?", row.Scopes, row.LastUsedAt, row.ID).Error
	})
	if err != nil {
		return gatehouse.Consent{}, s.fail("record consent", err)
	}
	return row.consent(), nil
}

// joinScopes adds scopes to those that are there, each once.
func joinScopes(there, added []string) string {
	for _, scope := range added {
		if scope = text(scope); !slices.Contains(there, scope) {
			there = append(there, scope)
		}
	}
	return strings.Join(there, " ")
}

// maxConsentScopes bounds what is remembered of one app, in bytes, or an app that
// asks for ever new scopes would fill the row.
const maxConsentScopes = 4096

// newestScopes forgets the oldest scopes of a list that is too long: the person
// is asked for them again.
func newestScopes(scopes string) string {
	for len(scopes) > maxConsentScopes {
		_, rest, found := strings.Cut(scopes, " ")
		if !found {
			break
		}
		scopes = rest
	}
	return scopes
}

// TouchConsent notes that a consent was used, coarsely: it writes nothing if the
// last note is younger than gatehouse.ConsentTouchInterval. A caller that knows
// LastUsedAt need not even ask. No error if the consent is gone.
func (s *Store) TouchConsent(ctx context.Context, id string, now time.Time) error {
	err := s.write(ctx).Exec("UPDATE consents SET last_used_at = ? WHERE id = ? AND last_used_at <= ?",
		millis(now), id, millis(now.Add(-gatehouse.ConsentTouchInterval))).Error
	return s.fail("touch consent", err)
}

// DeleteConsent takes a person's yes back: codes and tokens that the app has
// for them are dead at once, on every node. ErrNotFound if there was none.
//
// An app that registered itself remembers when it was last used (update_at), so
// that Reap does not take it for one that nobody ever authorised.
func (s *Store) DeleteConsent(ctx context.Context, userID, appID string) error {
	err := s.transact(ctx, func(tx *gorm.DB) error {
		// The app first, as whoever deletes apps does: else the two could wait for each other.
		err := tx.Exec("UPDATE apps SET update_at = (SELECT CASE WHEN apps.create_at < c.last_used_at THEN c.last_used_at ELSE apps.create_at + 1 END "+
			"FROM consents c WHERE c.user_id = @user AND c.app_id = apps.id) "+
			"WHERE id = @app AND is_dynamically_registered AND update_at <= (SELECT last_used_at FROM consents WHERE user_id = @user AND app_id = @app)",
			map[string]any{"user": text(userID), "app": text(appID)}).Error
		if err != nil {
			return err
		}
		return affectedOne(tx.Exec("DELETE FROM consents WHERE user_id = ? AND app_id = ?", text(userID), text(appID)))
	})
	return s.fail("delete consent", err)
}

// UserConsents lists the apps that a person authorised, by the app's name.
func (s *Store) UserConsents(ctx context.Context, userID string, offset, limit int) ([]gatehouse.ConsentedApp, error) {
	var rows []struct {
		Consent consentRow `gorm:"embedded;embeddedPrefix:consent_"`
		App     appRow     `gorm:"embedded"`
	}
	err := s.read(ctx).Raw("SELECT c.id AS consent_id, c.user_id AS consent_user_id, c.app_id AS consent_app_id, c.scopes AS consent_scopes, "+
		"c.create_at AS consent_create_at, c.last_used_at AS consent_last_used_at, a.* "+
		"FROM consents c JOIN apps a ON a.id = c.app_id WHERE c.user_id = ? ORDER BY a.name_key, a.id LIMIT ? OFFSET ?", text(userID), limit, offset).Scan(&rows).Error
	if err != nil {
		return nil, s.fail("list consents", err)
	}
	consented := make([]gatehouse.ConsentedApp, len(rows))
	for i := range rows {
		app, err := rows[i].App.app()
		if err != nil {
			return nil, s.fail("list consents", err)
		}
		consented[i] = gatehouse.ConsentedApp{Consent: rows[i].Consent.consent(), App: app}
	}
	return consented, nil
}
