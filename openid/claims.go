package openid

import (
	"slices"
	"strings"

	"gatehouse"
)

// Scopes lists the scopes of OpenID Connect that have an effect here.
func Scopes() []string {
	return []string{gatehouse.ScopeOpenID, gatehouse.ScopeProfile, gatehouse.ScopeEmail, gatehouse.ScopeGroups, gatehouse.ScopeOfflineAccess}
}

// scopeOfClaim has each claim about a user with the scope that gives it (OpenID Connect
// Core §5.4). Claims for which Gatehouse has no data are not in it.
func scopeOfClaim(claim string) (scope string, ok bool) {
	switch claim {
	case "name", "given_name", "family_name", "preferred_username", "nickname", "locale", "updated_at":
		return gatehouse.ScopeProfile, true
	case "email", "email_verified":
		return gatehouse.ScopeEmail, true
	case claimGroups:
		return gatehouse.ScopeGroups, true
	}
	return "", false
}

// claimGroups is the claim with the names of the user's groups. OpenID Connect Core does not
// define it, but many apps read it.
const claimGroups = "groups"

// UserClaims lists the claims about a user that Gatehouse has: those of OpenID Connect Core
// §5.1 in its order, and groups.
func UserClaims() []string {
	return []string{"sub", "name", "given_name", "family_name", "nickname", "preferred_username", "email", "email_verified", "locale", "updated_at", claimGroups}
}

// GivesGroups reports whether the claims of these scopes, and these requested claims,
// include the groups of the user.
func GivesGroups(scopes, requested []string) bool {
	return slices.Contains(scopes, gatehouse.ScopeGroups) || slices.Contains(requested, claimGroups)
}

// ClaimsOf returns the claims about a user that an app may read: sub, those of the
// granted scopes (OpenID Connect Core §5.4), and those that the request named and the
// user consented to (§5.5). A claim without a value is left out (§5.3.2). groups is needed
// only if GivesGroups.
func ClaimsOf(user gatehouse.User, groups []string, scopes, requested []string) map[string]any {
	claims := map[string]any{"sub": user.ID}
	for name, value := range userClaims(user, groups) {
		scope, _ := scopeOfClaim(name)
		if value != "" && (slices.Contains(scopes, scope) || slices.Contains(requested, name)) {
			claims[name] = value
		}
	}
	return claims
}

// userClaims returns the claims about a user, also those without a value. A user who is in no
// group has an empty list of groups: apps look for a name in the list, and many of them fail
// without one.
func userClaims(u gatehouse.User, groups []string) map[string]any {
	return map[string]any{
		"name":               u.DisplayName(),
		"given_name":         u.FirstName,
		"family_name":        u.LastName,
		"nickname":           u.Nickname,
		"preferred_username": u.Username,
		"locale":             strings.ReplaceAll(u.Locale, "_", "-"), // BCP 47
		"updated_at":         u.UpdateAt.Unix(),
		"email":              u.Email,
		"email_verified":     u.EmailVerified,
		claimGroups:          append([]string{}, groups...),
	}
}
