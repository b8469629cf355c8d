package provider

import (
	"context"
	"fmt"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
)

// strategy makes codes and tokens for fosite's handlers by sealing the session of
// the request. fosite looks a code or token up by its signature; here the
// signature is the sealed value itself.
type strategy struct{ tokens *Tokens }

var _ oauth2.CoreStrategy = (*strategy)(nil)

// AuthorizeCodeSignature returns the code itself.
func (s *strategy) AuthorizeCodeSignature(_ context.Context, code string) string { return code }

// AccessTokenSignature returns the token itself.
func (s *strategy) AccessTokenSignature(_ context.Context, token string) string { return token }

// RefreshTokenSignature returns the token itself.
func (s *strategy) RefreshTokenSignature(_ context.Context, token string) string { return token }

// GenerateAuthorizeCode seals the authorization, with its PKCE challenge, into a
// code.
func (s *strategy) GenerateAuthorizeCode(_ context.Context, r fosite.Requester) (sealed, signature string, err error) {
	sess, err := sessionOf(r)
	if err != nil {
		return "", "", err
	}
	sealed, err = s.tokens.sealCode(code{
		GrantID:         r.GetID(),
		ConsentID:       sess.consentID,
		UserID:          sess.userID,
		AppID:           r.GetClient().GetID(),
		RedirectURI:     sess.redirectURI,
		RedirectURISent: sess.redirectURISent,
		Scopes:          sess.scopes,
		Resource:        sess.resource,
		Challenge:       sess.challenge,
		IssuedAt:        sess.issuedAt.UnixMilli(),
	}, sess.authentication)
	return sealed, sealed, err
}

// GenerateAccessToken seals an access token of the session's generation.
func (s *strategy) GenerateAccessToken(_ context.Context, r fosite.Requester) (token, signature string, err error) {
	sess, err := sessionOf(r)
	if err != nil {
		return "", "", err
	}
	token, err = s.tokens.access.Seal(accessToken{
		GrantID:    r.GetID(),
		Generation: sess.generation,
		UserID:     sess.userID,
		AppID:      r.GetClient().GetID(),
		Scopes:     sess.scopes,
		Resource:   sess.resource,
		ExpiresAt:  sess.accessTokenExpiresAt.UnixMilli(),
	})
	return token, token, err
}

// GenerateRefreshToken seals the refresh token of the session's generation.
func (s *strategy) GenerateRefreshToken(_ context.Context, r fosite.Requester) (token, signature string, err error) {
	sess, err := sessionOf(r)
	if err != nil {
		return "", "", err
	}
	token, err = s.tokens.refresh.Seal(refreshToken{GrantID: r.GetID(), Generation: sess.generation})
	return token, token, err
}

// ValidateAuthorizeCode accepts every code that fositeStore returned: it was opened
// and judged before. Its age is not checked a second time, because two readings of
// the clock could disagree.
func (s *strategy) ValidateAuthorizeCode(context.Context, fosite.Requester, string) error { return nil }

// ValidateAccessToken accepts every token: fosite never presents one here.
func (s *strategy) ValidateAccessToken(context.Context, fosite.Requester, string) error { return nil }

// ValidateRefreshToken accepts every token that fositeStore returned: see
// ValidateAuthorizeCode.
func (s *strategy) ValidateRefreshToken(context.Context, fosite.Requester, string) error { return nil }

func sessionOf(r fosite.Requester) (*session, error) {
	s, ok := r.GetSession().(*session)
	if !ok {
		return nil, fmt.Errorf("provider: request with a session of type %T", r.GetSession())
	}
	return s, nil
}
