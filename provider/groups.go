package provider

import (
	"context"
	"fmt"
	"slices"

	"gatehouse"
	"gatehouse/openid"
)

// addGroups reads the groups of the user into an ID token that has the claim groups. token is
// nil if the response has no ID token.
func (h *Handler) addGroups(ctx context.Context, token *openid.IDToken) (err error) {
	if token == nil || !token.HasGroups() {
		return nil
	}
	if token.Groups, err = h.store.GroupNames(ctx, token.User.ID); err != nil {
		return fmt.Errorf("provider: groups of the ID token: %w", err)
	}
	return nil
}

// introspectedGroups returns the groups of the user for the description of a token; nil if
// the token does not have the scope groups.
func (h *Handler) introspectedGroups(ctx context.Context, scopes []string, userID string) ([]string, error) {
	if !slices.Contains(scopes, gatehouse.ScopeGroups) {
		return nil, nil
	}
	groups, err := h.store.GroupNames(ctx, userID)
	if err != nil {
		return nil, fmt.Errorf("provider: groups of a token: %w", err)
	}
	return groups, nil
}
