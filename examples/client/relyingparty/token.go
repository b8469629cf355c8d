package relyingparty

import (
	"context"

	"golang.org/x/oauth2"
)

// trial is a run with the scenario and the endpoints that a call needs.
type trial struct {
	h         *handler
	scenario  Scenario
	run       *run
	endpoints endpoints
}

// redeem makes the token request for the run's code (RFC 6749 §4.1.3). It sends verifier as
// code_verifier unless it is empty. change modifies the configuration for a wrong request.
func (t *trial) redeem(ctx context.Context, verifier string, change func(*oauth2.Config)) (*oauth2.Token, *exchange) {
	config := t.scenario.oauth2Config(t.h.config.BaseURL, t.endpoints)
	if change != nil {
		change(config)
	}
	var options []oauth2.AuthCodeOption
	if verifier != "" {
		options = append(options, oauth2.VerifierOption(verifier))
	}
	if t.scenario.Resource != "" {
		options = append(options, oauth2.SetAuthURLParam("resource", t.scenario.Resource))
	}
	return t.h.requestToken(ctx, func(ctx context.Context) (*oauth2.Token, error) {
		return config.Exchange(ctx, t.run.code, options...)
	})
}

// refresh makes the token request for a refresh token (RFC 6749 §6).
func (t *trial) refresh(ctx context.Context, refreshToken string) (*oauth2.Token, *exchange) {
	config := t.scenario.oauth2Config(t.h.config.BaseURL, t.endpoints)
	return t.h.requestToken(ctx, func(ctx context.Context) (*oauth2.Token, error) {
		return config.TokenSource(ctx, &oauth2.Token{RefreshToken: refreshToken}).Token()
	})
}

// step3 redeems the code once. If the user presses the button twice, the second request
// must not replay the code, because that revokes the tokens (RFC 6749 §4.1.2).
func (t *trial) step3(ctx context.Context) {
	r := t.run
	if r.code == "" || r.accessToken != "" {
		return
	}
	token, e := t.redeem(ctx, r.verifier, nil)
	r.keep(callToken, e)
	if token != nil {
		r.accessToken, r.refreshToken = token.AccessToken, token.RefreshToken
		if raw, _ := token.Extra("id_token").(string); raw != "" && t.scenario.usesOpenID() {
			r.idToken = t.verifyIDToken(ctx, raw, token.AccessToken)
		}
	}
}

// step4 requests the user from the server.
func (t *trial) step4(ctx context.Context) {
	if t.run.accessToken == "" {
		return
	}
	t.run.keep(callMe, t.h.requestMe(ctx, t.userEndpoint(), t.run.accessToken))
}

// userEndpoint returns the URL of the signed-in user: UserInfo with OpenID Connect.
func (t *trial) userEndpoint() string {
	if t.scenario.usesOpenID() && t.endpoints.UserInfo != "" {
		return t.endpoints.UserInfo
	}
	return t.endpoints.Me
}

// step5 gets new tokens for the refresh token.
func (t *trial) step5(ctx context.Context) {
	r := t.run
	if r.refreshToken == "" {
		return
	}
	token, e := t.refresh(ctx, r.refreshToken)
	r.keep(callRefresh, e)
	if token == nil {
		return
	}
	r.strays = append(r.strays, r.oldAccessToken, r.oldRefreshToken)
	r.oldAccessToken, r.oldRefreshToken = r.accessToken, r.refreshToken
	// If the server does not rotate the refresh token, x/oauth2 returns the old one.
	r.accessToken, r.refreshToken = token.AccessToken, token.RefreshToken
}

// perform makes an experiment. It stores unexpected tokens, so that pages mask them.
func (t *trial) perform(ctx context.Context, x experiment) {
	token, e := x.call(ctx, t)
	t.run.keep(x.Name, e)
	if token != nil {
		t.run.strays = append(t.run.strays, token.AccessToken, token.RefreshToken)
	}
}
