package gatehouse

import "time"

// The client authentication methods of RFC 7591 §2 that Gatehouse knows.
const (
	AuthMethodNone  = "none"
	AuthMethodPost  = "client_secret_post"
	AuthMethodBasic = "client_secret_basic"
)

// App is a registered OAuth client (RFC 6749 §2).
type App struct {
	ID        string // the client id
	CreatorID string // "" for apps that registered themselves
	// SecretHash is HashSecret of the client secret; "" for public apps.
	SecretHash  string
	Name        string
	Description string
	Homepage    string
	IconURL     string
	// RedirectURIs are the only places that ever receive a code or a token. The
	// management API calls them callback_urls.
	RedirectURIs []string
	// IsTrusted: users are never asked for consent. Only System Admins may set it.
	IsTrusted bool
	// IsPublic: no secret, PKCE required, no refresh tokens (RFC 6749 §2.1). Never changes.
	IsPublic                bool
	IsDynamicallyRegistered bool
	MattermostAppID         string
	// TokenEndpointAuthMethod is one of the AuthMethod constants: what the client
	// registered. Confidential apps may use either secret method all the same.
	TokenEndpointAuthMethod string
	// AccessTokenLifetime and RefreshTokenLifetime override the settings; 0 = as the settings say.
	AccessTokenLifetime  time.Duration
	RefreshTokenLifetime time.Duration
	CreateAt             time.Time
	UpdateAt             time.Time
}

// AppUsage says how much an app is used.
type AppUsage struct {
	Users      int64     // who authorised it and did not take it back
	LastUsedAt time.Time // coarse; zero if never
}

// AppQuery says which apps to list. They come by name, in any case, then by id.
type AppQuery struct {
	CreatorID string // only this person's; "" = everybody's
	Search    string // only those whose name contains it, in any case; "" = all
	Offset    int
	Limit     int
}
