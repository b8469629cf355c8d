package storage

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"gatehouse"
)

// The statements of the hot path. They reach every row by a primary key.
const (
	insertGrant = "INSERT INTO grants (id, consent_id, scopes, resource, generation, create_at, rotated_at, expires_at, revoked_at) " +
		"SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM consents c JOIN users u ON u.id = c.user_id WHERE c.id = ? AND u.delete_at = 0)"
	selectGrant = "SELECT g.id, g.consent_id, c.user_id, c.app_id, g.scopes, g.resource, g.generation, g.create_at, g.rotated_at, g.expires_at, g.revoked_at, " +
		userColumns + " FROM grants g JOIN consents c ON c.id = g.consent_id JOIN users u ON u.id = c.user_id WHERE g.id = ?"
	rotateGrant = "UPDATE grants SET generation = generation + 1, rotated_at = ?, expires_at = ? " +
		"WHERE id = ? AND generation = ? AND revoked_at = 0 AND expires_at > ? " +
		"AND EXISTS (SELECT 1 FROM consents c JOIN users u ON u.id = c.user_id WHERE c.id = grants.consent_id AND u.delete_at = 0) " +
		"RETURNING consent_id, (SELECT c.last_used_at FROM consents c WHERE c.id = consent_id)"
)

// CreateGrant redeems a code: the grant's id is the code's. One statement, one
// commit, and the keys of the database decide, also between nodes that race:
//
//   - ErrConflict: the id exists, so the code was redeemed before (RFC 6749
//     §4.1.2). The caller revokes that grant.
//   - ErrNotFound: the consent that the code names is gone, and so is whatever
//     took it along (it was revoked, the app or the user was deleted), or the
//     user is deactivated.
func (s *Store) CreateGrant(ctx context.Context, g gatehouse.Grant) error {
	// The foreign key alone would not look at delete_at. A deactivation that
	// commits between this look and the insert changes the consent's id, and the
	// foreign key is checked against what is committed then.
	return s.fail("create grant", s.writeHot(ctx, func(db *gorm.DB) error {
		return affectedOne(db.Exec(insertGrant, g.ID, g.ConsentID, joinScopes(nil, g.Scopes), text(g.Resource), g.Generation,
			millis(g.CreateAt), millis(g.RotatedAt), millis(g.ExpiresAt), millis(g.RevokedAt), g.ConsentID))
	}))
}

// Grant returns a grant and the person whom it acts for, by primary keys alone.
// It does not judge: see gatehouse.Grant.TokenStatus and User.Active. ErrNotFound
// if it never was, or something that it hung on was revoked or deleted.
func (s *Store) Grant(ctx context.Context, id string) (gatehouse.Grant, gatehouse.User, error) {
	var g gatehouse.Grant
	var scopes string
	var createAt, rotatedAt, expiresAt, revokedAt int64
	var user userRow
	fields := append([]any{&g.ID, &g.ConsentID, &g.UserID, &g.AppID, &scopes, &g.Resource, &g.Generation, &createAt, &rotatedAt, &expiresAt, &revokedAt},
		user.fields()...)
	if err := scanOne(s.read(ctx).Raw(selectGrant, id), fields...); err != nil {
		return gatehouse.Grant{}, gatehouse.User{}, s.fail("get grant", err)
	}
	g.Scopes = strings.Fields(scopes)
	g.CreateAt, g.RotatedAt, g.ExpiresAt, g.RevokedAt = fromMillis(createAt), fromMillis(rotatedAt), fromMillis(expiresAt), fromMillis(revokedAt)
	return g, user.user(), nil
}

// RotateGrant moves a grant from generation to the next, if generation is the
// current one, nothing revoked it, it has not expired at the time now, and the
// user is active: else ErrConflict, also if the grant is gone. Of racing
// rotations of one generation one succeeds. It also notes that the consent was
// used, once an hour, in a commit of its own that may be lost.
func (s *Store) RotateGrant(ctx context.Context, id string, generation int64, now, expires time.Time) error {
	// Deactivating deletes the grant, so either that or this update comes first;
	// the look at users only guards against a state that should not be.
	var consentID string
	var lastUsed int64
	err := s.writeHot(ctx, func(db *gorm.DB) error {
		return scanOne(db.Raw(rotateGrant, millis(now), millis(expires), id, generation, millis(now)), &consentID, &lastUsed)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return s.fail("rotate grant", gatehouse.ErrConflict)
	}
	if err != nil {
		return s.fail("rotate grant", err)
	}
	if now.Sub(fromMillis(lastUsed)) >= gatehouse.ConsentTouchInterval {
		// Not in the same transaction: that would lock the grant before its consent,
		// and DeleteConsent locks them the other way round.
		if err := s.TouchConsent(ctx, consentID, now); err != nil {
			s.log.WarnContext(ctx, "the use of a consent was not noted", "error", err)
		}
	}
	return nil
}

// RevokeGrant kills a grant: its access and refresh tokens are dead at once. An
// earlier revocation stays as it was. No error if the grant is gone.
func (s *Store) RevokeGrant(ctx context.Context, id string, at time.Time) error {
	return s.fail("revoke grant", s.writeHot(ctx, func(db *gorm.DB) error {
		return db.Exec("UPDATE grants SET revoked_at = ? WHERE id = ? AND revoked_at = 0", millis(at), id).Error
	}))
}
