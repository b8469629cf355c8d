package provider

import (
	"time"

	"github.com/ory/fosite"

	"gatehouse"
)

// client shows an app to fosite. What it may do is decided anew for each
// request, from the app's type and the settings of this moment.
type client struct {
	app      gatehouse.App
	settings gatehouse.Settings
	// redirectURI is the one that this request was matched to (see
	// gatehouse.MatchRedirectURI): fosite sees no other, since its own matching is
	// both too strict (localhost) and too lax (user information).
	redirectURI string
}

var (
	_ fosite.Client                         = (*client)(nil)
	_ fosite.ResponseModeClient             = (*client)(nil)
	_ fosite.ClientWithCustomTokenLifespans = (*client)(nil)
)

func (c *client) GetID() string { return c.app.ID }

// GetHashedSecret is not asked for: authenticateClient compares the secret.
func (c *client) GetHashedSecret() []byte { return nil }

func (c *client) GetRedirectURIs() []string { return []string{c.redirectURI} }

// GetGrantTypes leaves refresh_token out for public apps, so that fosite never
// makes a refresh token for one, whatever it asks for (C 2.3).
func (c *client) GetGrantTypes() fosite.Arguments {
	types := fosite.Arguments{"authorization_code"}
	if !c.app.IsPublic {
		types = append(types, "refresh_token")
	}
	if c.mayUseImplicit() {
		types = append(types, "implicit")
	}
	return types
}

func (c *client) GetResponseTypes() fosite.Arguments {
	if c.mayUseImplicit() {
		return fosite.Arguments{"code", "token"}
	}
	return fosite.Arguments{"code"}
}

// mayUseImplicit: clients that registered themselves did so for codes.
func (c *client) mayUseImplicit() bool {
	return c.settings.EnableImplicitGrant && !c.app.IsDynamicallyRegistered
}

// GetResponseModes are the modes that any app may use (OAuth 2.0 Multiple
// Response Types §2.1, Form Post Response Mode).
func (c *client) GetResponseModes() []fosite.ResponseModeType {
	return []fosite.ResponseModeType{fosite.ResponseModeQuery, fosite.ResponseModeFragment, fosite.ResponseModeFormPost}
}

// GetScopes is not asked for: every well-formed scope may be asked for, and the
// person decides (anyScope).
func (c *client) GetScopes() fosite.Arguments { return nil }

func (c *client) IsPublic() bool { return c.app.IsPublic }

func (c *client) GetAudience() fosite.Arguments { return nil }

// GetEffectiveLifespan is how long a token of the app lives.
func (c *client) GetEffectiveLifespan(grant fosite.GrantType, token fosite.TokenType, fallback time.Duration) time.Duration {
	switch token {
	case fosite.AccessToken:
		return c.settings.AccessTokenLifetimeFor(c.app, grant == fosite.GrantTypeImplicit)
	case fosite.RefreshToken:
		return c.settings.RefreshTokenLifetimeFor(c.app)
	}
	return fallback
}

// grantExpiry is when nothing of a grant made or refreshed now can be used any
// more: its refresh token and its access token have both expired.
func (c *client) grantExpiry(now time.Time, implicit bool) time.Time {
	access := c.settings.AccessTokenLifetimeFor(c.app, implicit)
	if c.app.IsPublic || implicit {
		return now.Add(access)
	}
	return now.Add(max(access, c.settings.RefreshTokenLifetimeFor(c.app)))
}
