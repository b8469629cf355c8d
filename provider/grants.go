package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse"
	"gatehouse/internal/web"
)

// redeem creates the grant of a code whose tokens were made: the one write of the
// request. The primary key of the grant makes the code single-use, also for racing
// requests. A second redemption proves that two parties have the code, so it
// revokes the grant (RFC 6749 §4.1.2).
func (h *Handler) redeem(ctx context.Context, p *presented) error {
	grant := gatehouse.Grant{
		ID:        p.code.GrantID,
		ConsentID: p.code.ConsentID,
		UserID:    p.code.UserID,
		AppID:     p.code.AppID,
		Scopes:    p.code.Scopes,
		Resource:  p.session.resource,
		CreateAt:  p.now,
		RotatedAt: p.now,
		ExpiresAt: grantExpiry(p.app, p.settings, p.now, false),
	}
	storeAuthentication(&grant, p.authentication)
	err := h.store.CreateGrant(ctx, grant)
	switch {
	case errors.Is(err, gatehouse.ErrConflict):
		if err := h.revokeGrant(ctx, grant.ID, p.now); err != nil {
			return fmt.Errorf("provider: revoke the grant of a replayed code: %w", err)
		}
		h.auditGrant(ctx, gatehouse.AuditCodeReplayed, grant, "An authorization code was redeemed twice. Its grant was revoked.")
		return codeUnusable(errors.New("the code was redeemed before"))
	case errors.Is(err, gatehouse.ErrNotFound):
		return codeUnusable(err)
	case err != nil:
		return fmt.Errorf("provider: redeem: %w", err)
	}
	return nil
}

// rotate moves the grant to the generation of the tokens that were made: the one
// write of the request. A token in its grace window has a successor already.
func (h *Handler) rotate(ctx context.Context, p *presented) error {
	if p.tokenStatus() == gatehouse.TokenInGrace {
		return h.noteGrace(ctx, p)
	}
	err := h.store.RotateGrant(ctx, p.grant.ID, p.generation, p.now, grantExpiry(p.app, p.settings, p.now, false))
	if !errors.Is(err, gatehouse.ErrConflict) {
		return err
	}
	// Another request has rotated or ended the grant since it was read. If the token is
	// in its grace window now, both requests made the same successor.
	grant, user, err := h.store.Grant(ctx, p.grant.ID)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return refreshTokenUnusable(err)
	} else if err != nil { // a failure of the store must not look like the end of the token
		return fmt.Errorf("provider: grant after a lost rotation: %w", err)
	}
	refusal := judgeRefreshTokenStatus(user, grant.RefreshTokenStatus(p.generation, p.now))
	switch {
	case refusal == nil:
		return nil
	case errors.Is(refusal, errRefreshTokenReused):
		return h.revokeReused(ctx, p, refusal)
	}
	return refusal
}

// noteGrace records that a refresh token was used again in its grace window: once for
// each generation, so that a client cannot flood the audit trail.
func (h *Handler) noteGrace(ctx context.Context, p *presented) error {
	err := h.store.MarkGrace(ctx, p.grant.ID, p.grant.Generation)
	if errors.Is(err, gatehouse.ErrConflict) {
		return nil
	} else if err != nil {
		return fmt.Errorf("provider: note the use of the grace window: %w", err)
	}
	detail := "The previous refresh token was used again before its successor. The client has probably lost the response."
	if p.grant.SuccessorUsed() {
		detail = "The previous refresh token was used again after its successor. If this repeats with the next token, the grant is revoked."
	}
	h.trail.Record(ctx, gatehouse.AuditEvent{ActorID: p.grant.UserID, Event: gatehouse.AuditRefreshTokenRepeated, TargetID: p.grant.AppID, Detail: detail})
	return nil
}

// revokeReused revokes the grant of a reused refresh token and returns refusal, or
// the failure to revoke.
func (h *Handler) revokeReused(ctx context.Context, p *presented, refusal error) error {
	if err := h.revokeGrant(ctx, p.grant.ID, p.now); err != nil {
		return fmt.Errorf("provider: revoke the grant of a reused refresh token: %w", err)
	}
	h.auditGrant(ctx, gatehouse.AuditRefreshTokenReused, p.grant, "A refresh token was used again after its successor. Its grant was revoked.")
	return refusal
}

// revokeGrant revokes a grant that two parties have, even if the client has closed
// the connection: otherwise an attacker could prevent it by hanging up early.
func (h *Handler) revokeGrant(ctx context.Context, grantID string, at time.Time) error {
	ctx, cancel := web.Detach(ctx)
	defer cancel()
	return h.store.RevokeGrant(ctx, grantID, at)
}

// auditGrant records that a grant was revoked because of a replay or reuse.
func (h *Handler) auditGrant(ctx context.Context, event string, g gatehouse.Grant, detail string) {
	h.log.WarnContext(ctx, "authorization revoked", "event", event, "grant_id", g.ID, "app_id", g.AppID, "user_id", g.UserID, "request_id", web.RequestID(ctx))
	h.trail.Record(ctx, gatehouse.AuditEvent{ActorID: g.UserID, Event: event, TargetID: g.AppID, Detail: detail, Outcome: gatehouse.OutcomeFail})
}

// grantExpiry returns when a grant that is made or refreshed now ends: its access
// token and, if it has one, its refresh token have both expired by then.
func grantExpiry(app gatehouse.App, settings gatehouse.Settings, now time.Time, implicit bool) time.Time {
	access := settings.AccessTokenLifetimeFor(app, implicit)
	if app.IsPublic || implicit {
		return now.Add(access)
	}
	return now.Add(max(access, settings.RefreshTokenLifetimeFor(app)))
}
