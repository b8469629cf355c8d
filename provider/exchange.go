package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ory/fosite"

	"gatehouse"
	"gatehouse/internal/web"
)

// Grants is what the token endpoint reads and writes.
type Grants interface {
	// Grant returns the grant and its user in one query. ErrNotFound: it is gone.
	Grant(ctx context.Context, id string) (gatehouse.Grant, gatehouse.User, error)
	// CreateGrant adds a grant. ErrConflict: one with this id exists, so its code
	// was redeemed before. ErrNotFound: the consent, its app or its user is gone,
	// or the user is deactivated.
	CreateGrant(ctx context.Context, g gatehouse.Grant) error
	// RotateGrant moves a live grant from the generation to the next. ErrConflict:
	// somebody else did first, or it is no longer live.
	RotateGrant(ctx context.Context, id string, generation int64, now, expires time.Time) error
	// RevokeGrant ends a grant. No error if it has ended or is gone.
	RevokeGrant(ctx context.Context, id string, at time.Time) error
}

// exchange is one request at the token endpoint on its way through fosite: what
// our rules opened and read, so that nothing is read twice, and the one write
// that it ends with.
type exchange struct {
	client *client
	now    time.Time

	sealedCode string          // of an authorization_code request, as it came …
	code       code            // … and what it says
	grant      gatehouse.Grant // of a refresh_token request
	// session that the tokens are made from.
	session *session
	// write is what Commit does: one unit of work.
	write func(ctx context.Context) error
}

type exchangeKey struct{}

func withExchange(ctx context.Context, x *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

func exchangeOf(ctx context.Context) (*exchange, error) {
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, errors.New("provider: no exchange in this context")
	}
	return x, nil
}

// opened returns what a code says that the rules have opened and judged. fosite
// presents the request's own several times, and no other is known here.
func (x *exchange) opened(sealed string) (code, error) {
	if x.code.GrantID == "" || sealed != x.sealedCode {
		return code{}, fosite.ErrNotFound
	}
	return x.code, nil
}

// redeem turns the code into its grant. The primary key lets the first of
// racing requests through and no other; any other proves that the code is in
// two hands, so what the first got is revoked (RFC 6749 §4.1.2).
func (s *fositeStore) redeem(ctx context.Context, x *exchange) error {
	grant := gatehouse.Grant{
		ID:        x.code.GrantID,
		ConsentID: x.code.ConsentID,
		UserID:    x.code.UserID,
		AppID:     x.code.AppID,
		Scopes:    x.code.Scopes,
		Resource:  x.session.resource,
		CreateAt:  x.now,
		RotatedAt: x.now,
		ExpiresAt: x.client.grantExpiry(x.now, false),
	}
	err := s.grants.CreateGrant(ctx, grant)
	switch {
	case errors.Is(err, gatehouse.ErrConflict):
		if err := s.revoke(ctx, grant.ID, x.now); err != nil {
			return fmt.Errorf("provider: revoke the grant of a replayed code: %w", err)
		}
		s.audit(ctx, gatehouse.AuditCodeReplayed, grant, "An authorization code was redeemed twice. What it gave was revoked.")
		return codeUnusable(errors.New("the code was redeemed before"))
	case errors.Is(err, gatehouse.ErrNotFound):
		return codeUnusable(err)
	case err != nil:
		return fmt.Errorf("provider: redeem: %w", err)
	}
	return nil
}

// rotate moves the grant to the generation of the tokens that were made. Who
// loses a race within the grace window made the same successor, and is answered with it.
func (s *fositeStore) rotate(ctx context.Context, x *exchange) error {
	err := s.grants.RotateGrant(ctx, x.grant.ID, x.session.generation-1, x.now, x.client.grantExpiry(x.now, false))
	if !errors.Is(err, gatehouse.ErrConflict) {
		return err
	}
	grant, user, err := s.grants.Grant(ctx, x.grant.ID)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return refreshTokenUnusable(err)
	} else if err != nil { // the client must not take a failure of ours for the end of its token
		return fmt.Errorf("provider: grant of a rotation that lost: %w", err)
	}
	_, err = s.judgeRefresh(ctx, grant, user, x.session.generation-1, x.now)
	return err
}

// judgeRefresh decides about a refresh token of some generation, and revokes
// the grant of one that was used up long ago: two parties hold it
// (RFC 9700 §4.14.2).
func (s *fositeStore) judgeRefresh(ctx context.Context, grant gatehouse.Grant, user gatehouse.User, generation int64, now time.Time) (gatehouse.TokenStatus, error) {
	status := grant.TokenStatus(generation, now)
	switch {
	case !user.Active():
		return status, refreshTokenUnusable(errors.New("the user is deactivated"))
	case status == gatehouse.TokenReused:
		if err := s.revoke(ctx, grant.ID, now); err != nil {
			return status, fmt.Errorf("provider: revoke the grant of a reused refresh token: %w", err)
		}
		s.audit(ctx, gatehouse.AuditRefreshTokenReused, grant, "A refresh token was used again after its successor. The grant was revoked.")
		return status, refreshTokenUnusable(errors.New("the refresh token was reused"))
	case status == gatehouse.TokenRevoked:
		return status, refreshTokenUnusable(errors.New("the grant was revoked or has expired"))
	}
	return status, nil
}

// revoke ends a grant that two parties hold, also if the one who showed that has
// hung up: leaving early must not save it.
func (s *fositeStore) revoke(ctx context.Context, grantID string, at time.Time) error {
	ctx, cancel := web.Outlive(ctx)
	defer cancel()
	return s.grants.RevokeGrant(ctx, grantID, at)
}

func codeUnusable(cause error) *Refusal {
	r := refuse(codeInvalidGrant, "api.oauth.get_access_token.expired_code",
		"The authorization code is unknown, has expired, was used before or was revoked. Start again at /oauth/authorize; a code can be used once, within 10 minutes.")
	r.Cause = cause
	return r
}

func refreshTokenUnusable(cause error) *Refusal {
	r := refuse(codeInvalidGrant, "api.oauth.get_access_token.refresh_token",
		"The refresh token is unknown, has expired, was used before or was revoked. Start again at /oauth/authorize.")
	r.Cause = cause
	return r
}
