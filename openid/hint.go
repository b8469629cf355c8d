package openid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gatehouse"
	"gatehouse/signing"
)

// Verifier verifies the signature of ID tokens; *signing.Keys implements it.
type Verifier interface {
	// Verify returns ErrNotFound if the token is not one of this gateway.
	Verify(ctx context.Context, typ, token string) (claims []byte, err error)
}

// Hint is what an id_token_hint says: an ID token that the client got earlier. It may
// have expired (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2).
type Hint struct {
	ClientID string `json:"aud"`
	UserID   string `json:"sub"`
	SID      string `json:"sid"`

	Issuer string `json:"iss"`
}

// ReadHint returns what an id_token_hint says. It returns ErrNotFound if the token was
// not issued by this gateway.
func ReadHint(ctx context.Context, keys Verifier, issuer, token string) (Hint, error) {
	claims, err := keys.Verify(ctx, signing.TypeIDToken, token)
	if err != nil {
		return Hint{}, fmt.Errorf("openid: id_token_hint: %w", err)
	}
	var hint Hint
	if err := json.Unmarshal(claims, &hint); err != nil {
		return Hint{}, errors.Join(fmt.Errorf("openid: id_token_hint: %w", gatehouse.ErrNotFound), err)
	}
	if hint.Issuer != issuer || hint.UserID == "" {
		return Hint{}, fmt.Errorf("openid: id_token_hint of another issuer: %w", gatehouse.ErrNotFound)
	}
	return hint, nil
}
