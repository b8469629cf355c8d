package provider

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"gatehouse"
	"gatehouse/internal/web"
)

// revoke serves POST /oauth/revoke (RFC 7009). Either token of a grant ends the
// grant, and with it both (§2.1). A token that is unknown or dead is revoked
// already: 200 (§2.2). Clients need not read the body; some insist on JSON.
func (h *Handler) revoke(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	err := h.revokeToken(r)
	if err == nil {
		err = web.WriteJSON(w, http.StatusOK, struct{}{})
	}
	if err != nil {
		h.writeRefusal(w, r, asRefusal(err))
	}
}

func (h *Handler) revokeToken(r *http.Request) error {
	token, app, _, err := h.aboutToken(r)
	if err != nil {
		return err
	}
	grantID, ok := h.grantOf(token)
	if !ok {
		return nil
	}
	grant, _, err := h.grants.Grant(r.Context(), grantID)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return nil
	} else if err != nil {
		return fmt.Errorf("provider: revoke: %w", err)
	}
	if grant.AppID != app.ID {
		return refuse(codeUnauthorizedClient, "api.oauth.revoke.client_id_mismatch", "The token was issued to another client.")
	}
	if err := h.grants.RevokeGrant(r.Context(), grantID, time.Now()); err != nil {
		return fmt.Errorf("provider: revoke: %w", err)
	}
	return nil
}

// grantOf opens a token, live or not, and tells whose it is.
func (h *Handler) grantOf(token string) (grantID string, ok bool) {
	if access, err := h.tokens.access.Open(token); err == nil {
		return access.GrantID, true
	}
	if refresh, err := h.tokens.refresh.Open(token); err == nil {
		return refresh.GrantID, true
	}
	return "", false
}
