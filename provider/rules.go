package provider

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/ory/fosite"

	"gatehouse"
)

// rules are our own conditions at the token endpoint: the first of fosite's
// handlers, so that each broken rule is named before fosite finds it. It never
// claims to have handled a request.
type rules struct {
	store *fositeStore
}

var _ fosite.TokenEndpointHandler = (*rules)(nil)

// CanHandleTokenEndpointRequest: every request is looked at.
func (h *rules) CanHandleTokenEndpointRequest(context.Context, fosite.AccessRequester) bool {
	return true
}

// CanSkipClientAuth: no request is looked at before its client is known.
func (h *rules) CanSkipClientAuth(context.Context, fosite.AccessRequester) bool { return false }

// PopulateTokenEndpointResponse adds nothing.
func (h *rules) PopulateTokenEndpointResponse(context.Context, fosite.AccessRequester, fosite.AccessResponder) error {
	return fosite.ErrUnknownRequest
}

// HandleTokenEndpointRequest judges the request and prepares its exchange.
func (h *rules) HandleTokenEndpointRequest(ctx context.Context, r fosite.AccessRequester) error {
	x, err := exchangeOf(ctx)
	if err != nil {
		return err
	}
	switch {
	case r.GetGrantTypes().ExactOne("authorization_code"):
		err = h.judgeCode(x, r)
	case r.GetGrantTypes().ExactOne("refresh_token"):
		err = h.judgeRefreshToken(ctx, x, r)
	}
	if err != nil {
		return err
	}
	return fosite.ErrUnknownRequest
}

// judgeCode is the contract's order for codes (C 1.4 steps 6d to 15). Nothing
// here uses the code up: a client may try again with what was wrong put right.
func (h *rules) judgeCode(x *exchange, r fosite.AccessRequester) error {
	form, app := r.GetRequestForm(), x.client.app
	verifier := form.Get("code_verifier")
	if app.IsPublic && verifier == "" {
		return refuse(codeInvalidGrant, "model.oauth.validate_grant.pkce_required", "This is a public client: it must send the code_verifier of its code_challenge (PKCE).")
	}
	sealed := form.Get("code")
	c, err := h.store.tokens.codes.Open(sealed)
	if err != nil {
		return codeUnusable(err)
	}
	if c.expired(x.now) {
		return codeUnusable(errors.New("the code has expired"))
	}
	if c.AppID != app.ID {
		return refuse(codeInvalidGrant, "api.oauth.get_access_token.client_id_mismatch", "The authorization code was issued to another client.")
	}
	// RFC 6749 §4.1.3: identical to the one of the authorization request, if it
	// named one; else it may be left out.
	if sent := form.Get("redirect_uri"); sent != c.RedirectURI && (c.RedirectURISent || sent != "") {
		return refuse(codeInvalidGrant, "api.oauth.get_access_token.redirect_uri", "The redirect_uri is not the one of the authorization request. Both must be the same, byte for byte.")
	}
	if refusal := checkVerifier(c.Challenge, verifier); refusal != nil {
		return refusal
	}
	resource, refusal := narrowResource(c.Resource, form["resource"])
	if refusal != nil {
		return refusal
	}
	x.sealedCode, x.code = sealed, c
	x.session = &session{userID: c.UserID, consentID: c.ConsentID, issuedAt: x.now, resource: resource, redirectURISent: c.RedirectURISent, scopes: c.Scopes}
	return nil
}

// judgeRefreshToken is the contract's order for refresh tokens (C 1.4 steps 6c, R1 to R6).
func (h *rules) judgeRefreshToken(ctx context.Context, x *exchange, r fosite.AccessRequester) error {
	form, app := r.GetRequestForm(), x.client.app
	if app.IsPublic {
		return refuse(codeUnauthorizedClient, "model.oauth.validate_grant.public_client_refresh_token", "Public clients get no refresh tokens and cannot use any. Start again at /oauth/authorize.")
	}
	claims, err := h.store.tokens.refresh.Open(form.Get("refresh_token"))
	if err != nil {
		return refreshTokenUnusable(err)
	}
	grant, user, err := h.store.grants.Grant(ctx, claims.GrantID)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return refreshTokenUnusable(err)
	} else if err != nil {
		return fmt.Errorf("provider: refresh token's grant: %w", err)
	}
	if grant.AppID != app.ID {
		return refuse(codeInvalidGrant, "api.oauth.get_access_token.client_id_mismatch", "The refresh token was issued to another client.")
	}
	resource, refusal := narrowResource(grant.Resource, form["resource"])
	if refusal != nil {
		return refusal
	}
	scopes, refusal := narrowScopes(grant.Scopes, form.Get("scope"))
	if refusal != nil {
		return refusal
	}
	status, err := h.store.judgeRefresh(ctx, grant, user, claims.Generation, x.now)
	if err != nil {
		return err
	}
	x.grant = grant
	x.session = &session{userID: user.ID, consentID: grant.ConsentID, generation: claims.Generation + 1, issuedAt: x.now, resource: resource, scopes: scopes}
	if status == gatehouse.TokenInGrace {
		x.session.issuedAt = grant.RotatedAt
	}
	return nil
}

// checkVerifier is the PKCE matrix of C 2.4 for challenges made with S256
// (RFC 7636 §4.6).
func checkVerifier(challenge, verifier string) *Refusal {
	const id = "model.authorize.validate_pkce."
	switch {
	case challenge == "" && verifier == "":
		return nil
	case challenge == "":
		return refuse(codeInvalidGrant, id+"not_used_in_auth", "A code_verifier was sent, but the authorization request had no code_challenge.")
	case verifier == "":
		return refuse(codeInvalidGrant, id+"verifier_required", "The authorization request had a code_challenge: send its code_verifier.")
	}
	sum := sha256.Sum256([]byte(verifier))
	made := base64.RawURLEncoding.EncodeToString(sum[:])
	if !verifierFormat.MatchString(verifier) || subtle.ConstantTimeCompare([]byte(made), []byte(challenge)) != 1 {
		return refuse(codeInvalidGrant, id+"verification_failed", "The code_verifier does not match the code_challenge of the authorization request.")
	}
	return nil
}

// RFC 7636 §4.1: 43 to 128 unreserved characters.
var verifierFormat = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// narrowResource decides the audience (RFC 8707 §2.2, C 2.7): what was agreed
// to at the authorization endpoint, or what is asked for now if nothing was.
func narrowResource(agreed string, asked []string) (string, *Refusal) {
	if len(asked) == 0 || (len(asked) == 1 && asked[0] == "") {
		return agreed, nil
	}
	if len(asked) > 1 {
		return "", refuse(codeInvalidTarget, "model.authorize.is_valid.resource.multiple", "Only one resource can be asked for at a time.")
	}
	if refusal := checkResource(asked[0]); refusal != nil {
		return "", refusal
	}
	if agreed != "" && asked[0] != agreed {
		return "", refuse(codeInvalidTarget, "api.oauth.get_access_token.resource_mismatch", "The resource is not the one of the authorization request.")
	}
	return asked[0], nil
}

// narrowScopes lets a refresh ask for fewer scopes, never for more (RFC 6749 §6).
func narrowScopes(agreed []string, asked string) ([]string, *Refusal) {
	if asked == "" {
		return agreed, nil
	}
	scopes, err := gatehouse.ParseScope(asked)
	if err != nil || len(asked) > maxScopeLength || slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(agreed, s) }) {
		return nil, refuse(codeInvalidScope, "api.oauth.get_access_token.scope", "The scope goes beyond what was granted.")
	}
	return scopes, nil
}
