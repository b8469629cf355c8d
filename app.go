package gatehouse

import "time"

// The client authentication methods of RFC 7591 §2 that Gatehouse supports.
const (
	AuthMethodNone  = "none"
	AuthMethodPost  = "client_secret_post"
	AuthMethodBasic = "client_secret_basic"
)

// App is a registered OAuth client (RFC 6749 §2).
type App struct {
	ID        string // the client id
	CreatorID string // "" for self-registered apps
	// SecretHash is HashSecret of the client secret. It is "" for public apps.
	SecretHash  string
	Name        string
	Description string
	Homepage    string
	IconURL     string
	// RedirectURIs are the only addresses that receive a code or a token. The
	// management API calls them callback_urls.
	RedirectURIs []string
	// IsTrusted means that users are never asked for consent. Only System Admins may set it.
	IsTrusted bool
	// IsPublic means that the app has no secret, must use PKCE and gets no refresh tokens
	// (RFC 6749 §2.1). It never changes.
	IsPublic bool
	// IsDynamicallyRegistered means that the app registered itself (RFC 7591). It never changes.
	IsDynamicallyRegistered bool
	MattermostAppID         string
	// TokenEndpointAuthMethod is the AuthMethod constant that the client registered. A
	// confidential app may use both secret methods, unless IsAuthMethodEnforced.
	TokenEndpointAuthMethod string
	// IsAuthMethodEnforced means that the client named its method when it registered itself,
	// and may use no other one (RFC 7591 §2). It never changes.
	IsAuthMethodEnforced bool
	// AccessTokenLifetime and RefreshTokenLifetime override the settings unless they are 0.
	// Only System Admins may set them. A public app has no RefreshTokenLifetime.
	AccessTokenLifetime  time.Duration
	RefreshTokenLifetime time.Duration
	OpenID               AppOpenID
	// IsRestricted means that only the members of chosen groups may use the app. Only System
	// Admins may set it, see AppAccess.
	IsRestricted bool
	CreateAt     time.Time
	UpdateAt     time.Time
}

// AppOpenID is what an app has registered for OpenID Connect. The zero value is the
// default of each member.
type AppOpenID struct {
	// IDTokenAlgorithm signs the app's ID tokens: "RS256", "ES256" or "EdDSA"; "" means
	// RS256 (OpenID Connect Registration §2, id_token_signed_response_alg).
	IDTokenAlgorithm string
	// PostLogoutRedirectURIs are the only addresses to which the browser may return after
	// the app has signed its user out (OpenID Connect RP-Initiated Logout §3.1).
	PostLogoutRedirectURIs []string
	// BackchannelLogoutURI gets a logout token when a session ends in which the app signed
	// its user in; "" for none (OpenID Connect Back-Channel Logout §2.2).
	BackchannelLogoutURI string
	// DefaultMaxAge is the max_age of requests that have none; 0 means no limit.
	DefaultMaxAge    time.Duration
	InitiateLoginURI string // at which a user can start to sign in to the app (OpenID Connect Core §4)
	PolicyURI        string
	TermsURI         string // tos_uri
	Contacts         []string
}

// SigningAlgorithm returns the algorithm that signs the app's ID tokens and logout tokens.
func (o AppOpenID) SigningAlgorithm() string {
	if o.IDTokenAlgorithm == "" {
		return AlgorithmRS256
	}
	return o.IDTokenAlgorithm
}

// AppUsage describes how much an app is used.
type AppUsage struct {
	Users      int64     // the number of users with a consent for the app
	LastUsedAt time.Time // accurate to ConsentTouchInterval; zero if the app was never used
}

// AppQuery selects the apps of a list. The list is sorted by name, without regard to
// case, and then by id.
type AppQuery struct {
	CreatorID string // only apps of this creator; "" for all apps
	GroupID   string // only restricted apps that this group may use; "" for all apps
	Search    string // only apps whose name contains it, in any case; "" for all apps
	Offset    int
	Limit     int
}
