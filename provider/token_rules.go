package provider

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"regexp"
	"slices"

	"gatehouse"
)

// judgeCode returns the first rule that the presented code breaks, in the
// contract's order (C 1.4 steps 7 to 15); nil if it may be redeemed. A refusal
// does not use the code up: the client may send it again with the mistake corrected.
func judgeCode(p *presented) *Refusal {
	if p.problem != nil {
		return codeUnusable(p.problem)
	}
	if p.code.expired(p.now) {
		return codeUnusable(errors.New("the code has expired"))
	}
	if p.code.AppID != p.app.ID {
		return refuse(codeInvalidGrant, "api.oauth.get_access_token.client_id_mismatch", "The authorization code was issued to another client.")
	}
	// RFC 6749 §4.1.3: the redirect URI must be the same as in the authorization
	// request. If that request did not name one, it may be left out here too.
	if sent := p.form.Get("redirect_uri"); sent != p.code.RedirectURI && (p.code.RedirectURISent || sent != "") {
		return refuse(codeInvalidGrant, "api.oauth.get_access_token.redirect_uri", "The redirect_uri is not the one of the authorization request. Both must be the same, byte for byte.")
	}
	if refusal := checkVerifier(p.code.Challenge, p.form.Get("code_verifier")); refusal != nil {
		return refusal
	}
	return p.checkRequestedResource()
}

// judgeRefreshToken returns the first rule that the presented refresh token
// breaks, in the contract's order (C 1.4 steps R1 to R6); nil if it may be used.
// The cause of the refusal is errRefreshTokenReused if the grant must be revoked.
func judgeRefreshToken(p *presented) *Refusal {
	if p.problem != nil {
		return refreshTokenUnusable(p.problem)
	}
	if p.grant.AppID != p.app.ID {
		return refuse(codeInvalidGrant, "api.oauth.get_access_token.client_id_mismatch", "The refresh token was issued to another client.")
	}
	if refusal := p.checkRequestedResource(); refusal != nil {
		return refusal
	}
	if refusal := checkRequestedScopes(p.grant.Scopes, p.form.Get("scope")); refusal != nil {
		return refusal
	}
	return judgeRefreshTokenStatus(p.user, p.tokenStatus())
}

// errRefreshTokenReused is the cause of a refusal that also revokes the grant: the
// refresh token was used after the grace window of its successor, so two parties
// have it (RFC 9700 §4.14.2).
var errRefreshTokenReused = errors.New("the refresh token was reused")

func judgeRefreshTokenStatus(user gatehouse.User, status gatehouse.TokenStatus) *Refusal {
	switch {
	case !user.Active():
		return refreshTokenUnusable(errors.New("the user is deactivated"))
	case status == gatehouse.TokenReused:
		return refreshTokenUnusable(errRefreshTokenReused)
	case status == gatehouse.TokenRevoked:
		return refreshTokenUnusable(errors.New("the grant was revoked or has expired"))
	}
	return nil
}

// checkVerifier checks a code_verifier against a challenge made with S256 (RFC
// 7636 §4.6). C 2.4 has the table of the other cases.
func checkVerifier(challenge, verifier string) *Refusal {
	const id = "model.authorize.validate_pkce."
	switch {
	case challenge == "" && verifier == "":
		return nil
	case challenge == "":
		return refuse(codeInvalidGrant, id+"not_used_in_auth", "A code_verifier was sent, but the authorization request had no code_challenge.")
	case verifier == "":
		return refuse(codeInvalidGrant, id+"verifier_required", "The authorization request had a code_challenge. Send its code_verifier.")
	}
	sum := sha256.Sum256([]byte(verifier))
	computed := base64.RawURLEncoding.EncodeToString(sum[:])
	if !verifierFormat.MatchString(verifier) || subtle.ConstantTimeCompare([]byte(computed), []byte(challenge)) != 1 {
		return refuse(codeInvalidGrant, id+"verification_failed", "The code_verifier does not match the code_challenge of the authorization request.")
	}
	return nil
}

// RFC 7636 §4.1: 43 to 128 unreserved characters.
var verifierFormat = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// checkRequestedResource judges the resource of a token request (RFC 8707 §2.2,
// C 2.7). It must be the granted one. If none was granted, the user must have consented
// to the requested one in another authorization request, unless the app is trusted.
func (p *presented) checkRequestedResource() *Refusal {
	requested := p.form["resource"]
	if len(requested) == 0 || (len(requested) == 1 && requested[0] == "") {
		return nil
	}
	if len(requested) > 1 {
		return refuse(codeInvalidTarget, "model.authorize.is_valid.resource.multiple", "A request may name one resource only.")
	}
	if refusal := checkResource(requested[0]); refusal != nil {
		return refusal
	}
	switch granted := p.grantedResource(); {
	case granted != "" && requested[0] != granted:
		return refuse(codeInvalidTarget, "api.oauth.get_access_token.resource_mismatch", "The resource is not the one of the authorization request.")
	case granted == "" && !p.app.IsTrusted && !slices.Contains(p.consented, requested[0]):
		return refuse(codeInvalidTarget, "api.oauth.get_access_token.resource_mismatch", "The user has not consented to this resource. Name it in the authorization request, too.")
	}
	return nil
}

// checkRequestedScopes refuses a refresh that asks for more scopes than were
// granted (RFC 6749 §6).
func checkRequestedScopes(granted []string, requested string) *Refusal {
	if requested == "" {
		return nil
	}
	scopes, err := gatehouse.ParseScope(requested)
	if err != nil || len(requested) > maxScopeLength || slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(granted, s) }) {
		return refuse(codeInvalidScope, "api.oauth.get_access_token.scope", "The scope goes beyond what was granted.")
	}
	return nil
}

func codeUnusable(cause error) *Refusal {
	r := refuse(codeInvalidGrant, "api.oauth.get_access_token.expired_code",
		"The authorization code is unknown, has expired, was used before or was revoked. Start again at /oauth/authorize. A code can be used once, within 10 minutes.")
	r.Cause = cause
	return r
}

func refreshTokenUnusable(cause error) *Refusal {
	r := refuse(codeInvalidGrant, "api.oauth.get_access_token.refresh_token",
		"The refresh token is unknown, has expired, was used before or was revoked. Start again at /oauth/authorize.")
	r.Cause = cause
	return r
}
