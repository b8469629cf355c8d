package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
)

// strategy makes codes and tokens for fosite's handlers. The "signature" by
// which fosite looks a value up is the sealed value itself: opening it is our
// lookup.
type strategy struct{ tokens *Tokens }

var _ oauth2.CoreStrategy = (*strategy)(nil)

func (s *strategy) AuthorizeCodeSignature(_ context.Context, code string) string { return code }
func (s *strategy) AccessTokenSignature(_ context.Context, token string) string  { return token }
func (s *strategy) RefreshTokenSignature(_ context.Context, token string) string { return token }

// GenerateAuthorizeCode seals the authorization, with its PKCE challenge, into a code.
func (s *strategy) GenerateAuthorizeCode(_ context.Context, r fosite.Requester) (sealed, signature string, err error) {
	c, ok := r.GetClient().(*client)
	if !ok {
		return "", "", fmt.Errorf("provider: a code for a client of type %T", r.GetClient())
	}
	sess, err := sessionOf(r)
	if err != nil {
		return "", "", err
	}
	sealed, err = s.tokens.codes.Seal(code{
		GrantID:         r.GetID(),
		ConsentID:       sess.consentID,
		UserID:          sess.userID,
		AppID:           c.app.ID,
		RedirectURI:     c.redirectURI,
		RedirectURISent: sess.redirectURISent,
		Scopes:          r.GetGrantedScopes(),
		Resource:        sess.resource,
		Challenge:       r.GetRequestForm().Get("code_challenge"),
		IssuedAt:        sess.issuedAt.UnixMilli(),
	})
	return sealed, sealed, err
}

// ValidateAuthorizeCode accepts the code that the rules have judged, and no other.
// Its age is not looked at again: two readings of the clock could differ.
func (s *strategy) ValidateAuthorizeCode(ctx context.Context, _ fosite.Requester, sealed string) error {
	x, err := exchangeOf(ctx)
	if err != nil {
		return err
	}
	_, err = x.opened(sealed)
	return err
}

// GenerateAccessToken seals an access token of the session's generation.
func (s *strategy) GenerateAccessToken(_ context.Context, r fosite.Requester) (token, signature string, err error) {
	sess, err := sessionOf(r)
	if err != nil {
		return "", "", err
	}
	sess.SetExpiresAt(fosite.AccessToken, sess.issuedAt.Add(lifetimeOf(r, fosite.AccessToken)))
	token, err = s.tokens.access.Seal(accessToken{
		GrantID:    r.GetID(),
		Generation: sess.generation,
		UserID:     sess.userID,
		AppID:      r.GetClient().GetID(),
		Scopes:     sess.scopes,
		Resource:   sess.resource,
		ExpiresAt:  sess.GetExpiresAt(fosite.AccessToken).UnixMilli(),
	})
	return token, token, err
}

// GenerateRefreshToken seals the refresh token of the session's generation.
func (s *strategy) GenerateRefreshToken(_ context.Context, r fosite.Requester) (token, signature string, err error) {
	sess, err := sessionOf(r)
	if err != nil {
		return "", "", err
	}
	sess.SetExpiresAt(fosite.RefreshToken, sess.issuedAt.Add(lifetimeOf(r, fosite.RefreshToken)))
	token, err = s.tokens.refresh.Seal(refreshToken{GrantID: r.GetID(), Generation: sess.generation})
	return token, token, err
}

// ValidateAccessToken accepts what the store returned: it opened and judged the token.
func (s *strategy) ValidateAccessToken(context.Context, fosite.Requester, string) error { return nil }

// ValidateRefreshToken accepts what the store returned: it opened and judged the token.
func (s *strategy) ValidateRefreshToken(context.Context, fosite.Requester, string) error { return nil }

func sessionOf(r fosite.Requester) (*session, error) {
	s, ok := r.GetSession().(*session)
	if !ok {
		return nil, fmt.Errorf("provider: request with a session of type %T", r.GetSession())
	}
	return s, nil
}

// lifetimeOf is how long a token of this request lives. A request that came to
// the authorization endpoint gets its access token by the implicit grant.
func lifetimeOf(r fosite.Requester, token fosite.TokenType) time.Duration {
	grant := fosite.GrantTypeAuthorizationCode
	if _, ok := r.(fosite.AuthorizeRequester); ok {
		grant = fosite.GrantTypeImplicit
	}
	return fosite.GetEffectiveLifespan(r.GetClient(), grant, token, 0)
}
