package provider

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"gatehouse"
)

// revoke serves POST /oauth/revoke (RFC 7009). Either token of a grant revokes the
// grant, and with it both tokens (§2.1). For an unknown or inactive token the
// response is 200, too (§2.2). The body is an empty object, because some clients
// expect JSON.
func (h *Handler) revoke(r *http.Request) (any, error) {
	token, app, _, err := h.tokenOfClient(r)
	if err != nil {
		return nil, err
	}
	grantID, ok := h.grantIDOf(token)
	if !ok {
		return struct{}{}, nil
	}
	grant, _, err := h.store.Grant(r.Context(), grantID)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return struct{}{}, nil
	} else if err != nil {
		return nil, fmt.Errorf("provider: revoke: %w", err)
	}
	if grant.AppID != app.ID {
		return nil, refuse(codeUnauthorizedClient, "api.oauth.revoke.client_id_mismatch", "The token was issued to another client.")
	}
	if err := h.store.RevokeGrant(r.Context(), grantID, time.Now()); err != nil {
		return nil, fmt.Errorf("provider: revoke: %w", err)
	}
	return struct{}{}, nil
}

// grantIDOf returns the grant of an access or refresh token, active or not. ok is
// false if the token does not open.
func (h *Handler) grantIDOf(token string) (grantID string, ok bool) {
	if access, err := h.tokens.access.Open(token); err == nil {
		return access.GrantID, true
	}
	if refresh, err := h.tokens.refresh.Open(token); err == nil {
		return refresh.GrantID, true
	}
	return "", false
}
