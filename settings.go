package gatehouse

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Settings are the values that a System Admin changes while the gateway runs. The
// zero value is safe: everything is off.
type Settings struct {
	EnableOAuthServiceProvider      bool
	EnableDynamicClientRegistration bool
	DCRRedirectURIAllowlist         []string
	EnableImplicitGrant             bool
	EnableOpenIDConnect             bool
	EnableUserAppRegistration       bool
	DefaultIDTokenAlgorithm         string        // of apps that users create without a choice; "" means RS256
	AccessTokenLifetime             time.Duration // confidential apps
	PublicAccessTokenLifetime       time.Duration // public apps and the implicit grant
	RefreshTokenLifetime            time.Duration // since its last use
	// A self-registered app is deleted if no user begins to authorize it within
	// DCRUnusedLifetime, or if it is not used for DCRIdleLifetime.
	DCRUnusedLifetime time.Duration
	DCRIdleLifetime   time.Duration
	// IntrospectionClientIDs are the apps that may introspect every token: resource
	// servers. Other apps may introspect only their own tokens.
	IntrospectionClientIDs []string
	// EgressAllowedNetworks are the networks that are not public and to which the gateway
	// may send requests for apps: back-channel logout.
	EgressAllowedNetworks []netip.Prefix

	fixed map[string]bool
}

// The keys of the settings. The database, the command line and, in upper case, the
// environment variables use them.
const (
	SettingEnableOAuthServiceProvider      = "enable_oauth_service_provider"
	SettingEnableDynamicClientRegistration = "enable_dynamic_client_registration"
	SettingDCRRedirectURIAllowlist         = "dcr_redirect_uri_allowlist"
	SettingEnableImplicitGrant             = "enable_implicit_grant"
	SettingEnableOpenIDConnect             = "enable_openid_connect"
	SettingEnableUserAppRegistration       = "enable_user_app_registration"
	SettingDefaultIDTokenAlgorithm         = "default_id_token_algorithm"
	SettingAccessTokenLifetime             = "access_token_lifetime"
	SettingPublicAccessTokenLifetime       = "public_access_token_lifetime"
	SettingRefreshTokenLifetime            = "refresh_token_lifetime"
	SettingDCRUnusedLifetime               = "dcr_unused_lifetime"
	SettingDCRIdleLifetime                 = "dcr_idle_lifetime"
	SettingIntrospectionClientIDs          = "introspection_client_ids"
	SettingEgressAllowedNetworks           = "egress_allowed_networks"
)

// SettingDefinition describes a setting: its key, its default, a help text for users
// and the values that it takes.
type SettingDefinition struct {
	Key         string
	Default     string
	Description string
	// apply parses a value into the settings. Its error is a sentence for the user.
	apply func(*Settings, string) error
}

// SettingDefinitions lists every setting, in the order in which the console and the
// command line show them.
func SettingDefinitions() []SettingDefinition {
	return []SettingDefinition{
		{SettingEnableOAuthServiceProvider, "false", "Apps can get codes and tokens. While this is off, every OAuth endpoint answers with an error and issues nothing.",
			boolSetting(func(s *Settings) *bool { return &s.EnableOAuthServiceProvider })},
		{SettingEnableDynamicClientRegistration, "false", "Clients can register themselves without an account (RFC 7591).",
			boolSetting(func(s *Settings) *bool { return &s.EnableDynamicClientRegistration })},
		{SettingDCRRedirectURIAllowlist, "", "Comma-separated patterns. A self-registered app can use only redirect URIs that match one of them. If the list is empty, it can use any valid redirect URI.",
			allowlistSetting},
		{SettingEnableImplicitGrant, "true", "Apps can use the implicit grant (response_type=token). We don't recommend it: use the code flow with PKCE instead.",
			boolSetting(func(s *Settings) *bool { return &s.EnableImplicitGrant })},
		{SettingEnableOpenIDConnect, "true", "Apps that request the scope openid get an ID token, and can sign users in with OpenID Connect. While this is off, openid has no effect.",
			boolSetting(func(s *Settings) *bool { return &s.EnableOpenIDConnect })},
		{SettingEnableUserAppRegistration, "false", "All users can register apps and manage their own apps. While this is off, only System Admins can register apps.",
			boolSetting(func(s *Settings) *bool { return &s.EnableUserAppRegistration })},
		{SettingDefaultIDTokenAlgorithm, AlgorithmRS256, "Signs the ID tokens of a new app, unless another algorithm is chosen for the app. Every app supports RS256. Apps that exist, and self-registered apps, are not affected.",
			idTokenAlgorithmSetting},
		{SettingAccessTokenLifetime, "1h", "An access token of a confidential app is valid for this long.",
			lifetimeSetting(func(s *Settings) *time.Duration { return &s.AccessTokenLifetime })},
		{SettingPublicAccessTokenLifetime, "24h", "An access token of a public app or of the implicit grant is valid for this long. It comes without a refresh token.",
			lifetimeSetting(func(s *Settings) *time.Duration { return &s.PublicAccessTokenLifetime })},
		{SettingRefreshTokenLifetime, "720h", "A refresh token expires if it isn't used for this long.",
			lifetimeSetting(func(s *Settings) *time.Duration { return &s.RefreshTokenLifetime })},
		{SettingDCRUnusedLifetime, "168h", "A self-registered app is deleted if no user begins to authorize it within this time.",
			lifetimeSetting(func(s *Settings) *time.Duration { return &s.DCRUnusedLifetime })},
		{SettingDCRIdleLifetime, "2160h", "A self-registered app is deleted if it isn't used for this long. Its client can register again.",
			lifetimeSetting(func(s *Settings) *time.Duration { return &s.DCRIdleLifetime })},
		{SettingIntrospectionClientIDs, "", "Comma-separated client IDs of the apps that can introspect every token, such as resource servers. Other apps can introspect only their own tokens.",
			func(s *Settings, v string) error {
				s.IntrospectionClientIDs = splitList(v)
				for _, id := range s.IntrospectionClientIDs {
					if !ValidID(id) {
						return fmt.Errorf("%q is not a client ID.", id) //nolint:revive,staticcheck // a sentence for the user
					}
				}
				return nil
			}},
		{SettingEgressAllowedNetworks, "", "Comma-separated networks, such as 10.0.0.0/8. Gatehouse sends back-channel logout only to public addresses with https, and to addresses in these networks, also with http.",
			networksSetting},
	}
}

// ParseSettings returns the Settings of the stored values and of the fixed values. An
// environment variable fixes a value, and no user can change it while the gateway runs.
// A missing key has its default. An unknown key is ignored in stored, because a newer
// version may have written it, and is an error in fixed.
// It returns a *FieldError for the first value that breaks a rule.
func ParseSettings(stored, fixed map[string]string) (Settings, error) {
	s := Settings{fixed: map[string]bool{}}
	definitions := SettingDefinitions()
	for _, d := range definitions {
		value := d.Default
		if v, ok := stored[d.Key]; ok {
			value = v
		}
		if v, ok := fixed[d.Key]; ok {
			value, s.fixed[d.Key] = v, true
		}
		if err := d.apply(&s, value); err != nil {
			return Settings{}, &FieldError{Field: d.Key, Message: err.Error()}
		}
	}
	for key := range fixed {
		if !slices.ContainsFunc(definitions, func(d SettingDefinition) bool { return d.Key == key }) {
			return Settings{}, unknownSetting(key)
		}
	}
	return s, nil
}

// CheckSetting returns a *FieldError if the setting does not exist or does not take the value.
func CheckSetting(key, value string) error {
	for _, d := range SettingDefinitions() {
		if d.Key == key {
			var s Settings
			if err := d.apply(&s, value); err != nil {
				return &FieldError{Field: key, Message: err.Error()}
			}
			return checkAllowlistSchemes(s.DCRRedirectURIAllowlist)
		}
	}
	return unknownSetting(key)
}

func unknownSetting(key string) error {
	return &FieldError{Field: key, Message: "This setting does not exist. `gatehouse settings list` shows all settings."}
}

// Fixed reports whether an environment variable fixes the setting.
func (s Settings) Fixed(key string) bool { return s.fixed[key] }

// Value returns the setting as text, in the form that the database stores and that
// users type. It returns "" for an unknown key.
func (s Settings) Value(key string) string {
	switch key {
	case SettingEnableOAuthServiceProvider:
		return strconv.FormatBool(s.EnableOAuthServiceProvider)
	case SettingEnableDynamicClientRegistration:
		return strconv.FormatBool(s.EnableDynamicClientRegistration)
	case SettingDCRRedirectURIAllowlist:
		return strings.Join(s.DCRRedirectURIAllowlist, ",")
	case SettingEnableImplicitGrant:
		return strconv.FormatBool(s.EnableImplicitGrant)
	case SettingEnableOpenIDConnect:
		return strconv.FormatBool(s.EnableOpenIDConnect)
	case SettingEnableUserAppRegistration:
		return strconv.FormatBool(s.EnableUserAppRegistration)
	case SettingDefaultIDTokenAlgorithm:
		return cmp.Or(s.DefaultIDTokenAlgorithm, AlgorithmRS256)
	case SettingAccessTokenLifetime:
		return s.AccessTokenLifetime.String()
	case SettingPublicAccessTokenLifetime:
		return s.PublicAccessTokenLifetime.String()
	case SettingRefreshTokenLifetime:
		return s.RefreshTokenLifetime.String()
	case SettingDCRUnusedLifetime:
		return s.DCRUnusedLifetime.String()
	case SettingDCRIdleLifetime:
		return s.DCRIdleLifetime.String()
	case SettingIntrospectionClientIDs:
		return strings.Join(s.IntrospectionClientIDs, ",")
	case SettingEgressAllowedNetworks:
		return joinNetworks(s.EgressAllowedNetworks)
	}
	return ""
}

// OpenIDOfNewApp returns what a new app has for OpenID Connect before its creator chooses
// anything. An app that registers itself begins with the defaults of OpenID Connect
// Registration §2 instead.
func (s Settings) OpenIDOfNewApp() AppOpenID {
	if s.DefaultIDTokenAlgorithm == AlgorithmRS256 {
		return AppOpenID{}
	}
	return AppOpenID{IDTokenAlgorithm: s.DefaultIDTokenAlgorithm}
}

// AccessTokenLifetimeFor returns the lifetime of an access token of the app: the app's
// own value if it has one, otherwise the setting for its type and grant.
func (s Settings) AccessTokenLifetimeFor(app App, implicit bool) time.Duration {
	switch {
	case app.AccessTokenLifetime > 0:
		return app.AccessTokenLifetime
	case app.IsPublic || implicit:
		return s.PublicAccessTokenLifetime
	}
	return s.AccessTokenLifetime
}

// RefreshTokenLifetimeFor returns how long a refresh token of the app is valid after its
// last use: the app's own value if it has one, otherwise the setting.
func (s Settings) RefreshTokenLifetimeFor(app App) time.Duration {
	if app.RefreshTokenLifetime > 0 {
		return app.RefreshTokenLifetime
	}
	return s.RefreshTokenLifetime
}
