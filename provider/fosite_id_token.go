package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
	fositeopenid "github.com/ory/fosite/handler/openid"
	"github.com/ory/fosite/token/jwt"

	"gatehouse"
	"gatehouse/openid"
	"gatehouse/signing"
)

// idTokenStrategy makes ID tokens for fosite's handlers of OpenID Connect: it signs the
// ID token of the session.
type idTokenStrategy struct{ keys Keys }

var _ fositeopenid.OpenIDConnectTokenStrategy = idTokenStrategy{}

// GenerateIDToken signs the ID token of the session. The handler has put the hash of the
// access token into the session's claims before.
func (s idTokenStrategy) GenerateIDToken(ctx context.Context, _ time.Duration, r fosite.Requester) (string, error) {
	sess, err := sessionOf(r)
	if err != nil {
		return "", err
	}
	if sess.idToken == nil {
		return "", errors.New("provider: a session without an ID token was granted the scope openid")
	}
	token := *sess.idToken
	token.AccessTokenHash, token.CodeHash = sess.hashes.AccessTokenHash, sess.hashes.CodeHash
	signed, err := s.keys.Sign(ctx, sess.idTokenAlgorithm, signing.TypeIDToken, token)
	if err != nil {
		return "", fmt.Errorf("provider: sign ID token: %w", err)
	}
	return signed, nil
}

// newExplicitIDTokens returns fosite's handler that adds an ID token to the response for a
// code (OpenID Connect Core §3.1.3.3).
func newExplicitIDTokens(keys Keys) *fositeopenid.OpenIDConnectExplicitHandler {
	config := &fosite.Config{}
	return &fositeopenid.OpenIDConnectExplicitHandler{
		OpenIDConnectRequestStorage: fositeStore{},
		// It sees no prompt, max_age and id_token_hint: the authorization endpoint has
		// checked them (see authorization.forFosite).
		OpenIDConnectRequestValidator: fositeopenid.NewOpenIDConnectRequestValidator(nil, config),
		Config:                        config,
		IDTokenHandleHelper:           &fositeopenid.IDTokenHandleHelper{IDTokenStrategy: idTokenStrategy{keys}},
	}
}

// newImplicitIDTokens returns fosite's handler for response_type=id_token and
// response_type=id_token token (OpenID Connect Core §3.2).
func newImplicitIDTokens(config *fosite.Config, tokens *Tokens, keys Keys) *fositeopenid.OpenIDConnectImplicitHandler {
	return &fositeopenid.OpenIDConnectImplicitHandler{
		AuthorizeImplicitGrantTypeHandler: implicitTokens(config, tokens),
		OpenIDConnectRequestValidator:     fositeopenid.NewOpenIDConnectRequestValidator(nil, config),
		Config:                            config,
		IDTokenHandleHelper:               &fositeopenid.IDTokenHandleHelper{IDTokenStrategy: idTokenStrategy{keys}},
	}
}

// newHybridIDTokens returns fosite's handler for response_type=code id_token (OpenID
// Connect Core §3.3).
func newHybridIDTokens(config *fosite.Config, tokens *Tokens, keys Keys) *fositeopenid.OpenIDConnectHybridHandler {
	return &fositeopenid.OpenIDConnectHybridHandler{
		AuthorizeImplicitGrantTypeHandler: implicitTokens(config, tokens),
		AuthorizeExplicitGrantHandler: &oauth2.AuthorizeExplicitGrantHandler{
			AccessTokenStrategy: &strategy{tokens}, RefreshTokenStrategy: &strategy{tokens}, AuthorizeCodeStrategy: &strategy{tokens},
			CoreStorage: fositeStore{}, TokenRevocationStorage: fositeStore{}, Config: config,
		},
		OpenIDConnectRequestStorage:   fositeStore{},
		OpenIDConnectRequestValidator: fositeopenid.NewOpenIDConnectRequestValidator(nil, config),
		Config:                        config,
		IDTokenHandleHelper:           &fositeopenid.IDTokenHandleHelper{IDTokenStrategy: idTokenStrategy{keys}},
	}
}

func implicitTokens(config *fosite.Config, tokens *Tokens) *oauth2.AuthorizeImplicitGrantTypeHandler {
	return &oauth2.AuthorizeImplicitGrantTypeHandler{AccessTokenStrategy: &strategy{tokens}, AccessTokenStorage: fositeStore{}, Config: config}
}

// newRefreshedIDTokens returns fosite's handler that adds an ID token to the response for
// a refresh token (OpenID Connect Core §12.2).
func newRefreshedIDTokens(keys Keys) *fositeopenid.OpenIDConnectRefreshHandler {
	return &fositeopenid.OpenIDConnectRefreshHandler{
		IDTokenHandleHelper: &fositeopenid.IDTokenHandleHelper{IDTokenStrategy: idTokenStrategy{keys}},
		Config:              &fosite.Config{},
	}
}

var _ fositeopenid.Session = (*session)(nil)

// IDTokenClaims returns the claims in which fosite's handlers leave the hash of the access
// token. The handlers require a subject. The other claims of an ID token are those of
// session.idToken.
func (s *session) IDTokenClaims() *jwt.IDTokenClaims {
	s.hashes.Subject = s.userID
	return &s.hashes
}

// IDTokenHeaders tells fosite the hash of at_hash: fosite reads its size from the name of
// the algorithm, and EdDSA has none there. Ed25519 signs with SHA-512 (RFC 8032 §5.1).
func (s *session) IDTokenHeaders() *jwt.Headers {
	algorithm := s.idTokenAlgorithm
	if algorithm == gatehouse.AlgorithmEdDSA {
		algorithm = "Ed512"
	}
	return &jwt.Headers{Extra: map[string]any{"alg": algorithm}}
}

// setIDToken completes the session of a token request. token is nil if the response has no
// ID token.
func (s *session) setIDToken(token *openid.IDToken, app gatehouse.App) {
	s.idToken, s.idTokenAlgorithm = token, app.OpenID.SigningAlgorithm()
}

// fositeScopes returns the scopes that fosite sees as granted. Without OpenID Connect,
// openid is not among them, so that fosite's handlers for it leave the request alone.
func (s *session) fositeScopes() []string {
	if s.authentication != nil || s.idToken != nil {
		return s.scopes
	}
	var scopes []string
	for _, scope := range s.scopes {
		if scope != gatehouse.ScopeOpenID {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// GetOpenIDConnectSession returns the authorization in the presented code, if its token
// response has an ID token.
func (s fositeStore) GetOpenIDConnectSession(ctx context.Context, sealed string, _ fosite.Requester) (fosite.Requester, error) {
	c, err := callOf(ctx)
	if err != nil {
		return nil, err
	}
	if !c.presentsCode(sealed) || c.presented.session.idToken == nil {
		return nil, fositeopenid.ErrNoSessionFound
	}
	return c.request(c.presented.code.GrantID, c.presented.code.Scopes), nil
}

// CreateOpenIDConnectSession does nothing: the code itself holds the authentication.
func (fositeStore) CreateOpenIDConnectSession(context.Context, string, fosite.Requester) error {
	return nil
}

// DeleteOpenIDConnectSession does nothing: the code itself holds the authentication.
func (fositeStore) DeleteOpenIDConnectSession(context.Context, string) error { return nil }
