package provider

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/handler/pkce"
	"github.com/ory/fosite/storage"

	"gatehouse"
	"gatehouse/internal/audit"
	"gatehouse/internal/web"
)

// fositeStore meets fosite's storage interfaces without rows: it opens the
// sealed value that fosite presents, and turns what fosite wants written into
// the one write of the request's exchange.
type fositeStore struct {
	tokens *Tokens
	grants Grants
	trail  audit.Trail
	log    *slog.Logger
}

var (
	_ fosite.Storage                = (*fositeStore)(nil)
	_ oauth2.CoreStorage            = (*fositeStore)(nil)
	_ oauth2.TokenRevocationStorage = (*fositeStore)(nil)
	_ pkce.PKCERequestStorage       = (*fositeStore)(nil)
	_ storage.Transactional         = (*fositeStore)(nil)
)

var errNoAssertions = errors.New("provider: client assertions are not supported")

// GetClient returns the client of this request: the endpoint has looked it up.
func (s *fositeStore) GetClient(ctx context.Context, id string) (fosite.Client, error) {
	x, err := exchangeOf(ctx)
	if err != nil {
		return nil, err
	}
	if x.client == nil || x.client.app.ID != id {
		return nil, fosite.ErrNotFound
	}
	return x.client, nil
}

// ClientAssertionJWTValid is part of fosite's interface for private_key_jwt,
// which authenticateClient never accepts.
func (s *fositeStore) ClientAssertionJWTValid(context.Context, string) error { return errNoAssertions }

// SetClientAssertionJWT: see ClientAssertionJWTValid.
func (s *fositeStore) SetClientAssertionJWT(context.Context, string, time.Time) error {
	return errNoAssertions
}

// CreateAuthorizeCodeSession writes nothing: the code carries everything.
func (s *fositeStore) CreateAuthorizeCodeSession(context.Context, string, fosite.Requester) error {
	return nil
}

// GetAuthorizeCodeSession returns the authorization in the request's code. Whether it was
// redeemed before is for the unit of work to find out: only there is it certain.
func (s *fositeStore) GetAuthorizeCodeSession(ctx context.Context, sealed string, _ fosite.Session) (fosite.Requester, error) {
	x, err := exchangeOf(ctx)
	if err != nil {
		return nil, err
	}
	c, err := x.opened(sealed)
	if err != nil {
		return nil, err
	}
	r := s.request(x, c.GrantID, c.Scopes)
	if c.RedirectURISent {
		r.Form.Set("redirect_uri", c.RedirectURI)
	}
	return r, nil
}

// InvalidateAuthorizeCodeSession makes redeeming the code this request's write.
func (s *fositeStore) InvalidateAuthorizeCodeSession(ctx context.Context, _ string) error {
	x, err := exchangeOf(ctx)
	if err != nil {
		return err
	}
	x.write = func(ctx context.Context) error { return s.redeem(ctx, x) }
	return nil
}

// CreatePKCERequestSession writes nothing: the challenge is in the code.
func (s *fositeStore) CreatePKCERequestSession(context.Context, string, fosite.Requester) error {
	return nil
}

// GetPKCERequestSession returns the challenge in the code, as often as it is
// asked: a failed attempt uses nothing up, and strips nothing off.
func (s *fositeStore) GetPKCERequestSession(ctx context.Context, sealed string, _ fosite.Session) (fosite.Requester, error) {
	x, err := exchangeOf(ctx)
	if err != nil {
		return nil, err
	}
	c, err := x.opened(sealed)
	if err != nil {
		return nil, err
	}
	if c.Challenge == "" {
		return nil, fosite.ErrNotFound
	}
	r := s.request(x, c.GrantID, c.Scopes)
	r.Form.Set("code_challenge", c.Challenge)
	r.Form.Set("code_challenge_method", "S256")
	return r, nil
}

// DeletePKCERequestSession deletes nothing: see GetPKCERequestSession.
func (s *fositeStore) DeletePKCERequestSession(context.Context, string) error { return nil }

// CreateAccessTokenSession writes the grant of an implicit answer. At the token
// endpoint it writes nothing: the exchange's write covers it.
func (s *fositeStore) CreateAccessTokenSession(ctx context.Context, _ string, r fosite.Requester) error {
	x, err := exchangeOf(ctx)
	if err != nil {
		return err
	}
	if x.code.GrantID != "" || x.grant.ID != "" {
		return nil
	}
	err = s.grants.CreateGrant(ctx, gatehouse.Grant{
		ID: r.GetID(), ConsentID: x.session.consentID, UserID: x.session.userID, AppID: x.client.app.ID,
		Scopes: r.GetGrantedScopes(), Resource: x.session.resource,
		CreateAt: x.now, RotatedAt: x.now, ExpiresAt: x.client.grantExpiry(x.now, true),
	})
	if err != nil {
		return fmt.Errorf("provider: implicit grant: %w", err)
	}
	return nil
}

// GetAccessTokenSession is not asked for: Tokens judges access tokens.
func (s *fositeStore) GetAccessTokenSession(context.Context, string, fosite.Session) (fosite.Requester, error) {
	return nil, fosite.ErrNotFound
}

// DeleteAccessTokenSession writes nothing: tokens have no rows.
func (s *fositeStore) DeleteAccessTokenSession(context.Context, string) error { return nil }

// CreateRefreshTokenSession writes nothing: the exchange's write covers it.
func (s *fositeStore) CreateRefreshTokenSession(context.Context, string, string, fosite.Requester) error {
	return nil
}

// GetRefreshTokenSession returns the authorization that the rules have read and judged.
func (s *fositeStore) GetRefreshTokenSession(ctx context.Context, _ string, _ fosite.Session) (fosite.Requester, error) {
	x, err := exchangeOf(ctx)
	if err != nil {
		return nil, err
	}
	if x.grant.ID == "" {
		return nil, fosite.ErrNotFound
	}
	return s.request(x, x.grant.ID, x.grant.Scopes), nil
}

// RotateRefreshToken makes the rotation this request's write, unless the token
// was excused by the grace window: then the successor exists already.
func (s *fositeStore) RotateRefreshToken(ctx context.Context, _, _ string) error {
	x, err := exchangeOf(ctx)
	if err != nil {
		return err
	}
	if x.session.generation > x.grant.Generation {
		x.write = func(ctx context.Context) error { return s.rotate(ctx, x) }
	}
	return nil
}

// DeleteRefreshTokenSession writes nothing: tokens have no rows.
func (s *fositeStore) DeleteRefreshTokenSession(context.Context, string) error { return nil }

// RevokeRefreshToken ends the grant, and with it every token of it.
func (s *fositeStore) RevokeRefreshToken(ctx context.Context, grantID string) error {
	return s.grants.RevokeGrant(ctx, grantID, time.Now())
}

// RevokeAccessToken ends the grant, and with it every token of it.
func (s *fositeStore) RevokeAccessToken(ctx context.Context, grantID string) error {
	return s.grants.RevokeGrant(ctx, grantID, time.Now())
}

// BeginTX starts collecting; the exchange does it anyway.
func (s *fositeStore) BeginTX(ctx context.Context) (context.Context, error) { return ctx, nil }

// Commit does the one write of the request.
func (s *fositeStore) Commit(ctx context.Context) error {
	x, err := exchangeOf(ctx)
	if err != nil || x.write == nil {
		return err
	}
	return x.write(ctx)
}

// Rollback forgets what was collected.
func (s *fositeStore) Rollback(ctx context.Context) error {
	if x, err := exchangeOf(ctx); err == nil {
		x.write = nil
	}
	return nil
}

// request shows an authorization to fosite.
func (s *fositeStore) request(x *exchange, id string, scopes []string) *fosite.Request {
	r := fosite.NewRequest()
	r.ID, r.Client, r.Session = id, x.client, x.session
	r.RequestedScope, r.GrantedScope = scopes, scopes
	r.Form = url.Values{}
	return r
}

// audit records a security event of a grant.
func (s *fositeStore) audit(ctx context.Context, event string, g gatehouse.Grant, detail string) {
	s.log.WarnContext(ctx, "authorization revoked", "event", event, "grant_id", g.ID, "app_id", g.AppID, "user_id", g.UserID, "request_id", web.RequestID(ctx))
	s.trail.Record(ctx, gatehouse.AuditEvent{ActorID: g.UserID, Event: event, TargetID: g.AppID, Detail: detail, Outcome: gatehouse.OutcomeFail})
}
