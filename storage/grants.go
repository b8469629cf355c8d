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

type grantRow struct {
	ID         string
	ConsentID  string
	UserID     string // of the consent
	AppID      string // of the consent
	Scopes     string
	Resource   string
	Generation int64
	CreateAt   int64
	RotatedAt  int64
	ExpiresAt  int64
	RevokedAt  int64

	PreviousRotatedAt int64
	UsedGeneration    int64
	GraceGeneration   int64

	AuthenticatedAt int64
	SessionID       string
	RequestedClaims string
}

func newGrantRow(g gatehouse.Grant) grantRow {
	return grantRow{
		ID: g.ID, ConsentID: g.ConsentID, Scopes: joinScopes(nil, g.Scopes), Resource: text(g.Resource), Generation: g.Generation,
		CreateAt: millis(g.CreateAt), RotatedAt: millis(g.RotatedAt), ExpiresAt: millis(g.ExpiresAt), RevokedAt: millis(g.RevokedAt),
		AuthenticatedAt: millis(g.AuthenticatedAt), SessionID: g.SessionID, RequestedClaims: g.RequestedClaims,
	}
}

func (r *grantRow) grant() gatehouse.Grant {
	return gatehouse.Grant{
		ID: r.ID, ConsentID: r.ConsentID, UserID: r.UserID, AppID: r.AppID,
		Scopes: strings.Fields(r.Scopes), Resource: r.Resource, Generation: r.Generation,
		CreateAt: fromMillis(r.CreateAt), RotatedAt: fromMillis(r.RotatedAt), ExpiresAt: fromMillis(r.ExpiresAt), RevokedAt: fromMillis(r.RevokedAt),
		PreviousRotatedAt: fromMillis(r.PreviousRotatedAt), UsedGeneration: r.UsedGeneration, GraceGeneration: r.GraceGeneration,
		AuthenticatedAt: fromMillis(r.AuthenticatedAt), SessionID: r.SessionID, RequestedClaims: r.RequestedClaims,
	}
}

// The statements of the hot path. They reach every row by a primary key.
const (
	insertGrant = "INSERT INTO grants (id, consent_id, scopes, resource, generation, create_at, rotated_at, expires_at, revoked_at, authenticated_at, session_id, requested_claims) " +
		"SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM consents c JOIN users u ON u.id = c.user_id WHERE c.id = ? AND u.delete_at = 0)"
	selectGrant = "SELECT g.id, g.consent_id, c.user_id, c.app_id, g.scopes, g.resource, g.generation, g.create_at, g.rotated_at, g.expires_at, g.revoked_at, " +
		"g.previous_rotated_at, g.used_generation, g.grace_generation, g.authenticated_at, g.session_id, g.requested_claims, " +
		userColumns + " FROM grants g JOIN consents c ON c.id = g.consent_id JOIN users u ON u.id = c.user_id WHERE g.id = ?"
	rotateGrant = "UPDATE grants SET generation = generation + 1, previous_rotated_at = rotated_at, rotated_at = ?, expires_at = ? " +
		"WHERE id = ? AND generation = ? AND revoked_at = 0 AND expires_at > ? " +
		"AND EXISTS (SELECT 1 FROM consents c JOIN users u ON u.id = c.user_id WHERE c.id = grants.consent_id AND u.delete_at = 0) " +
		"RETURNING consent_id, (SELECT c.last_used_at FROM consents c WHERE c.id = consent_id)"
	markGrantUsed = "UPDATE grants SET used_generation = generation WHERE id = ? AND generation = ? AND used_generation < ?"
	markGrace     = "UPDATE grants SET grace_generation = generation WHERE id = ? AND generation = ? AND grace_generation < ?"
	revokeGrant   = "UPDATE grants SET revoked_at = ? WHERE id = ? AND revoked_at = 0"
)

// insertArgs are the parameters of insertGrant. They have no names because GORM takes
// 7 µs to build the statement with named parameters instead of 4, and on SQLite a
// grant in a group takes 45.
func (r *grantRow) insertArgs() []any {
	return []any{
		r.ID, r.ConsentID, r.Scopes, r.Resource, r.Generation, // the columns, in their order
		r.CreateAt, r.RotatedAt, r.ExpiresAt, r.RevokedAt,
		r.AuthenticatedAt, r.SessionID, r.RequestedClaims,
		r.ConsentID, // WHERE c.id = ?
	}
}

// fields returns the fields into which selectGrant is scanned, before those of the user.
func (r *grantRow) fields() []any {
	return []any{
		&r.ID, &r.ConsentID, &r.UserID, &r.AppID, &r.Scopes, &r.Resource, &r.Generation,
		&r.CreateAt, &r.RotatedAt, &r.ExpiresAt, &r.RevokedAt,
		&r.PreviousRotatedAt, &r.UsedGeneration, &r.GraceGeneration,
		&r.AuthenticatedAt, &r.SessionID, &r.RequestedClaims,
	}
}

// CreateGrant redeems a code: the id of the grant is that of the code. It is one
// statement and one commit, and the keys of the database decide, also between nodes:
//
//   - ErrConflict: the id exists, so the code was redeemed before (RFC 6749
//     §4.1.2). The caller revokes that grant.
//   - ErrNotFound: the consent that the code names no longer exists (it was revoked,
//     or the app or the user was deleted), or the user is deactivated.
func (s *Store) CreateGrant(ctx context.Context, g gatehouse.Grant) error {
	// The foreign key alone would not check delete_at. A deactivation that commits
	// between this check and the insert changes the consent's id, and the foreign key
	// is checked against committed rows.
	row := newGrantRow(g)
	return s.fail("create grant", s.writeHot(ctx, func(db *gorm.DB) error {
		return affectedOne(db.Exec(insertGrant, row.insertArgs()...))
	}))
}

// Grant returns a grant and its user, by primary keys only. It does not check whether
// the grant can be used: see AccessTokenStatus, RefreshTokenStatus and User.Active. It returns
// ErrNotFound if the grant does not exist, or if its consent, app or user was deleted.
func (s *Store) Grant(ctx context.Context, id string) (gatehouse.Grant, gatehouse.User, error) {
	var grant grantRow
	var user userRow
	if err := scanOne(s.read(ctx).Raw(selectGrant, id), append(grant.fields(), user.fields()...)...); err != nil {
		return gatehouse.Grant{}, gatehouse.User{}, s.fail("get grant", err)
	}
	return grant.grant(), user.user(), nil
}

// RotateGrant moves a grant from a generation to the next one. It returns ErrConflict
// if the grant has another generation, was revoked, has expired at the time now or
// does not exist, or if the user is deactivated. If several calls rotate the same
// generation, only one succeeds.
//
// Once an hour it also updates LastUsedAt of the consent, in a commit of its own. An
// error of that is only logged.
func (s *Store) RotateGrant(ctx context.Context, id string, generation int64, now, expires time.Time) error {
	// A deactivation deletes the grant, so either the deactivation or this update comes
	// first. The check of users only guards against an inconsistent state.
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
		// Not in the same transaction: that would lock the grant before its consent, and
		// DeleteConsent locks them in the opposite order.
		if err := s.TouchConsent(ctx, consentID, now); err != nil {
			s.log.WarnContext(ctx, "the use of a consent was not stored", "error", err)
		}
	}
	return nil
}

// MarkGrantUsed stores that an access token of the generation was used. It writes
// nothing if that is stored already, or if the grant has another generation by now.
func (s *Store) MarkGrantUsed(ctx context.Context, id string, generation int64) error {
	return s.fail("mark grant used", s.writeHot(ctx, func(db *gorm.DB) error {
		return db.Exec(markGrantUsed, id, generation, generation).Error
	}))
}

// MarkGrace stores that the predecessor of the generation was used again. It returns
// ErrConflict if that is stored already, or if the grant has another generation by
// now.
func (s *Store) MarkGrace(ctx context.Context, id string, generation int64) error {
	err := s.writeHot(ctx, func(db *gorm.DB) error {
		return affectedOne(db.Exec(markGrace, id, generation, generation))
	})
	if errors.Is(err, gatehouse.ErrNotFound) {
		err = gatehouse.ErrConflict
	}
	return s.fail("mark grace", err)
}

// RevokeGrant revokes a grant. Its access and refresh tokens stop working immediately.
// A grant that was revoked before keeps the first time. It returns no error if the
// grant does not exist.
func (s *Store) RevokeGrant(ctx context.Context, id string, at time.Time) error {
	return s.fail("revoke grant", s.writeHot(ctx, func(db *gorm.DB) error {
		return db.Exec(revokeGrant, millis(at), id).Error
	}))
}
