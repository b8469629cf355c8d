package provider

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/handler/openid"
	"github.com/ory/fosite/handler/pkce"
)

// fositeStore implements fosite's storage interfaces without a database. It
// returns what the endpoint has read before it called fosite, and it ignores every
// write: the endpoint writes after fosite has returned.
type fositeStore struct{}

var (
	_ fosite.Storage                = fositeStore{}
	_ oauth2.CoreStorage            = fositeStore{}
	_ oauth2.TokenRevocationStorage = fositeStore{}
	_ pkce.PKCERequestStorage       = fositeStore{}

	_ openid.OpenIDConnectRequestStorage = fositeStore{} // in fosite_id_token.go
)

var errNoAssertions = errors.New("provider: client assertions are not supported")

// GetClient returns the client of this request, and fosite.ErrNotFound for every
// other id.
func (fositeStore) GetClient(ctx context.Context, id string) (fosite.Client, error) {
	c, err := callOf(ctx)
	if err != nil {
		return nil, err
	}
	if c.client.app.ID != id {
		return nil, fosite.ErrNotFound
	}
	return c.client, nil
}

// ClientAssertionJWTValid returns an error: the token endpoint does not accept
// client assertions.
func (fositeStore) ClientAssertionJWTValid(context.Context, string) error { return errNoAssertions }

// SetClientAssertionJWT returns an error: see ClientAssertionJWTValid.
func (fositeStore) SetClientAssertionJWT(context.Context, string, time.Time) error {
	return errNoAssertions
}

// GetAuthorizeCodeSession returns the authorization in the presented code. It does
// not know whether the code was redeemed before; only the write decides that.
func (fositeStore) GetAuthorizeCodeSession(ctx context.Context, sealed string, _ fosite.Session) (fosite.Requester, error) {
	c, err := callOf(ctx)
	if err != nil {
		return nil, err
	}
	if !c.presentsCode(sealed) {
		return nil, fosite.ErrNotFound
	}
	r := c.request(c.presented.code.GrantID, c.presented.code.Scopes)
	if c.presented.code.RedirectURISent {
		r.Form.Set("redirect_uri", c.presented.code.RedirectURI)
	}
	return r, nil
}

// GetPKCERequestSession returns the challenge in the presented code. The challenge
// is part of the sealed code, so a failed attempt cannot remove it.
func (fositeStore) GetPKCERequestSession(ctx context.Context, sealed string, _ fosite.Session) (fosite.Requester, error) {
	c, err := callOf(ctx)
	if err != nil {
		return nil, err
	}
	if !c.presentsCode(sealed) || c.presented.code.Challenge == "" {
		return nil, fosite.ErrNotFound
	}
	r := c.request(c.presented.code.GrantID, c.presented.code.Scopes)
	r.Form.Set("code_challenge", c.presented.code.Challenge)
	r.Form.Set("code_challenge_method", "S256")
	return r, nil
}

// GetRefreshTokenSession returns the grant of the presented refresh token.
func (fositeStore) GetRefreshTokenSession(ctx context.Context, sealed string, _ fosite.Session) (fosite.Requester, error) {
	c, err := callOf(ctx)
	if err != nil {
		return nil, err
	}
	if c.presented == nil || c.presented.problem != nil || c.presented.grant.ID == "" || sealed != c.presented.sealed {
		return nil, fosite.ErrNotFound
	}
	return c.request(c.presented.grant.ID, c.presented.session.fositeScopes()), nil
}

// GetAccessTokenSession returns fosite.ErrNotFound. Tokens authenticates access
// tokens without fosite.
func (fositeStore) GetAccessTokenSession(context.Context, string, fosite.Session) (fosite.Requester, error) {
	return nil, fosite.ErrNotFound
}

// presentsCode reports whether sealed is the code of this request and was opened.
func (c fositeCall) presentsCode(sealed string) bool {
	return c.presented != nil && c.presented.problem == nil && c.presented.code.GrantID != "" && sealed == c.presented.sealed
}

// request returns an authorization in fosite's form.
func (c fositeCall) request(id string, scopes []string) *fosite.Request {
	r := fosite.NewRequest()
	r.ID, r.Client, r.Session = id, c.client, c.presented.session
	r.RequestedScope, r.GrantedScope = scopes, scopes
	r.Form = url.Values{}
	return r
}

// The methods below are fosite's writes. They do nothing.

// CreateAuthorizeCodeSession does nothing: the code itself holds the authorization.
func (fositeStore) CreateAuthorizeCodeSession(context.Context, string, fosite.Requester) error {
	return nil
}

// InvalidateAuthorizeCodeSession does nothing: Handler.redeem creates the grant.
func (fositeStore) InvalidateAuthorizeCodeSession(context.Context, string) error { return nil }

// CreatePKCERequestSession does nothing: the code holds the challenge.
func (fositeStore) CreatePKCERequestSession(context.Context, string, fosite.Requester) error {
	return nil
}

// DeletePKCERequestSession does nothing: the code holds the challenge.
func (fositeStore) DeletePKCERequestSession(context.Context, string) error { return nil }

// CreateAccessTokenSession does nothing: a token has no row of its own.
func (fositeStore) CreateAccessTokenSession(context.Context, string, fosite.Requester) error {
	return nil
}

// DeleteAccessTokenSession does nothing: a token has no row of its own.
func (fositeStore) DeleteAccessTokenSession(context.Context, string) error { return nil }

// CreateRefreshTokenSession does nothing: a token has no row of its own.
func (fositeStore) CreateRefreshTokenSession(context.Context, string, string, fosite.Requester) error {
	return nil
}

// DeleteRefreshTokenSession does nothing: a token has no row of its own.
func (fositeStore) DeleteRefreshTokenSession(context.Context, string) error { return nil }

// RotateRefreshToken does nothing: Handler.rotate moves the grant to its next
// generation.
func (fositeStore) RotateRefreshToken(context.Context, string, string) error { return nil }

// RevokeRefreshToken does nothing. fosite calls it only for codes and tokens that
// it finds invalidated, and fositeStore never reports one.
func (fositeStore) RevokeRefreshToken(context.Context, string) error { return nil }

// RevokeAccessToken does nothing: see RevokeRefreshToken.
func (fositeStore) RevokeAccessToken(context.Context, string) error { return nil }
