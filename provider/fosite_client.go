package provider

import (
	"github.com/ory/fosite"

	"gatehouse"
)

// client is an app as fosite sees it. What it may do follows from the app's type
// and the settings at the time of the request.
type client struct {
	app      gatehouse.App
	settings gatehouse.Settings
	// redirectURI is the one that the request was matched to (see
	// gatehouse.MatchRedirectURI). fosite sees no other, because its own matching
	// refuses ports of localhost and accepts user information.
	redirectURI string
}

var (
	_ fosite.Client             = (*client)(nil)
	_ fosite.ResponseModeClient = (*client)(nil)
)

// GetID returns the client id.
func (c *client) GetID() string { return c.app.ID }

// GetHashedSecret returns nil. The token endpoint authenticates the client before
// it calls fosite.
func (c *client) GetHashedSecret() []byte { return nil }

// GetRedirectURIs returns the matched redirect URI.
func (c *client) GetRedirectURIs() []string { return []string{c.redirectURI} }

// GetGrantTypes leaves out refresh_token for public apps, so that fosite never
// makes a refresh token for them (C 2.3).
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

// GetResponseTypes returns code, and those with tokens if the app may use the implicit
// grant. The authorization endpoint has checked whether the request is one of OpenID Connect.
func (c *client) GetResponseTypes() fosite.Arguments { return responseTypes(c.mayUseImplicit(), true) }

// mayUseImplicit returns false for self-registered apps: they registered for codes
// (RFC 7591 §2).
func (c *client) mayUseImplicit() bool {
	return c.settings.EnableImplicitGrant && !c.app.IsDynamicallyRegistered
}

// GetResponseModes returns the modes that every app may use (OAuth 2.0 Multiple
// Response Types §2.1, OAuth 2.0 Form Post Response Mode).
func (c *client) GetResponseModes() []fosite.ResponseModeType {
	return []fosite.ResponseModeType{fosite.ResponseModeQuery, fosite.ResponseModeFragment, fosite.ResponseModeFormPost}
}

// GetScopes returns nil: see anyScope.
func (c *client) GetScopes() fosite.Arguments { return nil }

// IsPublic reports whether the app has no secret.
func (c *client) IsPublic() bool { return c.app.IsPublic }

// GetAudience returns nil: see anyAudience.
func (c *client) GetAudience() fosite.Arguments { return nil }
