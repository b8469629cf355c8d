package storage

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"gatehouse"
)

type consentRow struct {
	ID         string
	UserID     string
	AppID      string
	Scopes     string
	Resources  string
	CreateAt   int64
	LastUsedAt int64
}

func (consentRow) TableName() string { return "consents" }

func (r *consentRow) consent() gatehouse.Consent {
	return gatehouse.Consent{
		ID: r.ID, UserID: r.UserID, AppID: r.AppID, Scopes: strings.Fields(r.Scopes), Resources: strings.Fields(r.Resources),
		CreateAt: fromMillis(r.CreateAt), LastUsedAt: fromMillis(r.LastUsedAt),
	}
}

const selectConsent = "SELECT id, scopes, resources, create_at, last_used_at FROM consents WHERE user_id = ? AND app_id = ?"

// Consent returns a user's consent to an app. It returns ErrNotFound if there is no
// consent.
func (s *Store) Consent(ctx context.Context, userID, appID string) (gatehouse.Consent, error) {
	row := consentRow{UserID: text(userID), AppID: text(appID)}
	err := scanOne(s.read(ctx).Raw(selectConsent, row.UserID, row.AppID), &row.ID, &row.Scopes, &row.Resources, &row.CreateAt, &row.LastUsedAt)
	if err != nil {
		return gatehouse.Consent{}, s.fail("get consent", err)
	}
	return row.consent(), nil
}

// RecordConsent stores that a user consents to scopes and resources of an app. A consent
// that exists keeps its id and gets the new scopes and resources too; concurrent calls
// all take effect. It returns ErrNotFound if the user does not exist or is deactivated,
// or the app does not exist, and ErrNoAccess if the user may not use the app.
func (s *Store) RecordConsent(ctx context.Context, userID, appID string, scopes, resources []string, now time.Time) (gatehouse.Consent, error) {
	var row consentRow
	err := s.transact(ctx, func(tx *gorm.DB) error {
		// This transaction and DeactivateUser wait for each other on the lock on the user.
		// Without it, the consent could have codes that work after the user is activated
		// again. The lock on the app does the same for access to the app (groups_access.go).
		var id string
		var restricted bool
		err := scanOne(tx.Raw("SELECT u.id, a.is_restricted FROM users u, apps a WHERE u.id = ? AND u.delete_at = 0 AND a.id = ?"+s.forShare,
			text(userID), text(appID)), &id, &restricted)
		if err != nil {
			return err
		}
		// Only a statement that starts after the lock sees what the lock has waited for.
		if restricted {
			if err := checkAccess(tx, id, text(appID)); err != nil {
				return err
			}
		}
		// A concurrent call waits here until the first one has committed.
		fresh := consentRow{ID: gatehouse.NewID(), UserID: id, AppID: text(appID), Scopes: joinScopes(nil, scopes), Resources: joinScopes(nil, resources), CreateAt: millis(now), LastUsedAt: millis(now)}
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
			return err // ErrNotFound: revoked between the two statements, so the revocation is the later one
		}
		row.Scopes = newestScopes(joinScopes(strings.Fields(row.Scopes), scopes))
		row.Resources = newestScopes(joinScopes(strings.Fields(row.Resources), resources))
		row.LastUsedAt = max(row.LastUsedAt, millis(now))
		return tx.Exec("UPDATE consents SET scopes = ?, resources = ?, last_used_at = ? WHERE id = ?", row.Scopes, row.Resources, row.LastUsedAt, row.ID).Error
	})
	if err = s.fail("record consent", err); err != nil {
		if errors.Is(err, gatehouse.ErrNoAccess) {
			s.apps.invalidate(text(appID)) // The cached app may be open to all users.
		}
		return gatehouse.Consent{}, err
	}
	return row.consent(), nil
}

// joinScopes adds scopes or resources to a list, each once. Neither has a space.
func joinScopes(scopes, added []string) string {
	for _, scope := range added {
		if scope = text(scope); !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return strings.Join(scopes, " ")
}

// maxConsentScopes is the maximum length of the scopes of a consent, and of its
// resources, in bytes. Otherwise an app that always asks for new ones could fill the row.
const maxConsentScopes = 4096

// newestScopes drops the oldest scopes of a list that is too long. The user is asked
// for them again.
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

// TouchConsent updates LastUsedAt of a consent. It writes nothing if the stored time is
// less than gatehouse.ConsentTouchInterval old, so a caller that knows LastUsedAt can
// skip the call. It returns no error if the consent does not exist.
func (s *Store) TouchConsent(ctx context.Context, id string, now time.Time) error {
	err := s.write(ctx).Exec("UPDATE consents SET last_used_at = ? WHERE id = ? AND last_used_at <= ?",
		millis(now), id, millis(now.Add(-gatehouse.ConsentTouchInterval))).Error
	return s.fail("touch consent", err)
}

// DeleteConsent revokes a user's consent to an app. All codes and tokens that the app
// has for the user stop working immediately, on every node. The app gets logout tokens. It
// returns ErrNotFound if there is no consent.
//
// A self-registered app keeps the time of its last use in update_at. Otherwise Reap
// would treat it as an app that no user ever authorized.
func (s *Store) DeleteConsent(ctx context.Context, userID, appID string, now time.Time) error {
	err := s.transact(ctx, func(tx *gorm.DB) error {
		// The app is locked first, as in DeleteApp and Reap; otherwise the two could deadlock.
		err := tx.Exec("UPDATE apps SET update_at = (SELECT CASE WHEN apps.create_at < c.last_used_at THEN c.last_used_at ELSE apps.create_at + 1 END "+
			"FROM consents c WHERE c.user_id = @user AND c.app_id = apps.id) "+
			"WHERE id = @app AND is_dynamically_registered AND update_at <= (SELECT last_used_at FROM consents WHERE user_id = @user AND app_id = @app)",
			map[string]any{"user": text(userID), "app": text(appID)}).Error
		if err != nil {
			return err
		}
		// From now on no code is redeemed: it would wait for this transaction.
		var id string
		if err := scanOne(tx.Raw("SELECT id FROM consents WHERE user_id = ? AND app_id = ?"+s.forUpdate, text(userID), text(appID)), &id); err != nil {
			return err
		}
		if err := queueLogouts(tx, now, "c.id = @consent", map[string]any{"consent": id}); err != nil {
			return err
		}
		return affectedOne(tx.Exec("DELETE FROM consents WHERE id = ?", id))
	})
	return s.fail("delete consent", err)
}

// UserConsents lists the apps that a user consented to, by the app's name.
func (s *Store) UserConsents(ctx context.Context, userID string, offset, limit int) ([]gatehouse.ConsentedApp, error) {
	var rows []struct {
		Consent consentRow `gorm:"embedded;embeddedPrefix:consent_"`
		App     appRow     `gorm:"embedded"`
	}
	err := s.read(ctx).Raw("SELECT c.id AS consent_id, c.user_id AS consent_user_id, c.app_id AS consent_app_id, c.scopes AS consent_scopes, c.resources AS consent_resources, "+
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
