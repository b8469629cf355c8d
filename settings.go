package gatehouse

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Settings are the switches that a System Admin turns while the gateway runs.
// The zero value is safe: everything is off.
type Settings struct {
	EnableOAuthServiceProvider      bool
	EnableDynamicClientRegistration bool
	DCRRedirectURIAllowlist         []string
	EnableImplicitGrant             bool
	EnableUserAppRegistration       bool
	AccessTokenLifetime             time.Duration // confidential apps
	PublicAccessTokenLifetime       time.Duration // public apps and the implicit grant
	RefreshTokenLifetime            time.Duration // since last use
	// Clients that registered themselves are removed when nobody has authorised
	// them for DCRUnusedLifetime, or used them for DCRIdleLifetime.
	DCRUnusedLifetime time.Duration
	DCRIdleLifetime   time.Duration
	// IntrospectionClientIDs are the apps that may introspect anybody's tokens:
	// resource servers. Other apps may introspect their own only.
	IntrospectionClientIDs []string

	fixed map[string]bool
}

// The keys of the settings, as table, command line and variables spell them.
const (
	SettingEnableOAuthServiceProvider      = "enable_oauth_service_provider"
	SettingEnableDynamicClientRegistration = "enable_dynamic_client_registration"
	SettingDCRRedirectURIAllowlist         = "dcr_redirect_uri_allowlist"
	SettingEnableImplicitGrant             = "enable_implicit_grant"
	SettingEnableUserAppRegistration       = "enable_user_app_registration"
	SettingAccessTokenLifetime             = "access_token_lifetime"
	SettingPublicAccessTokenLifetime       = "public_access_token_lifetime"
	SettingRefreshTokenLifetime            = "refresh_token_lifetime"
	SettingDCRUnusedLifetime               = "dcr_unused_lifetime"
	SettingDCRIdleLifetime                 = "dcr_idle_lifetime"
	SettingIntrospectionClientIDs          = "introspection_client_ids"
)

// A SettingDefinition says what a setting means and which values it takes.
type SettingDefinition struct {
	Key         string
	Default     string
	Description string
	apply       func(*Settings, string) error
}

// SettingDefinitions lists every setting, in the order in which pages and
// commands show them.
func SettingDefinitions() []SettingDefinition {
	return []SettingDefinition{
		{SettingEnableOAuthServiceProvider, "false", "Apps can get codes and tokens. While it is off, every OAuth endpoint says so and issues nothing.",
			boolSetting(func(s *Settings) *bool { return &s.EnableOAuthServiceProvider })},
		{SettingEnableDynamicClientRegistration, "false", "Clients may register themselves (RFC 7591), without an account.",
			boolSetting(func(s *Settings) *bool { return &s.EnableDynamicClientRegistration })},
		{SettingDCRRedirectURIAllowlist, "", "Comma-separated patterns; clients that register themselves may use only redirect URIs that match one. Empty: any valid redirect URI.",
			allowlistSetting},
		{SettingEnableImplicitGrant, "true", "Apps may use the implicit grant (response_type=token). Not recommended: prefer the code flow with PKCE.",
			boolSetting(func(s *Settings) *bool { return &s.EnableImplicitGrant })},
		{SettingEnableUserAppRegistration, "false", "Everybody may register apps and manage their own, not only System Admins.",
			boolSetting(func(s *Settings) *bool { return &s.EnableUserAppRegistration })},
		{SettingAccessTokenLifetime, "1h", "How long an access token of a confidential app lives.",
			lifetimeSetting(func(s *Settings) *time.Duration { return &s.AccessTokenLifetime })},
		{SettingPublicAccessTokenLifetime, "24h", "How long an access token of a public app or of the implicit grant lives; such apps get no refresh token.",
			lifetimeSetting(func(s *Settings) *time.Duration { return &s.PublicAccessTokenLifetime })},
		{SettingRefreshTokenLifetime, "720h", "How long a refresh token lives since it was last used.",
			lifetimeSetting(func(s *Settings) *time.Duration { return &s.RefreshTokenLifetime })},
		{SettingDCRUnusedLifetime, "24h", "How long a client that registered itself is kept when nobody authorises it.",
			lifetimeSetting(func(s *Settings) *time.Duration { return &s.DCRUnusedLifetime })},
		{SettingDCRIdleLifetime, "2160h", "How long a client that registered itself is kept since it was last used. A client that was removed registers again.",
			lifetimeSetting(func(s *Settings) *time.Duration { return &s.DCRIdleLifetime })},
		{SettingIntrospectionClientIDs, "", "Comma-separated client ids of apps that may introspect every token (resource servers). Other apps may introspect their own only.",
			func(s *Settings, v string) error {
				s.IntrospectionClientIDs = splitList(v)
				for _, id := range s.IntrospectionClientIDs {
					if !ValidID(id) {
						return fmt.Errorf("%q is no client id.", id) //nolint:revive,staticcheck // a sentence for a person
					}
				}
				return nil
			}},
	}
}

// ParseSettings makes Settings from stored values, and from fixed ones, which
// the environment decides and nobody can change while the gateway runs. Keys
// that are missing have their defaults; keys that it does not know (of a newer
// version) are passed over in stored and refused in fixed.
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

// CheckSetting reports whether value is one that the setting takes, as a *FieldError.
func CheckSetting(key, value string) error {
	for _, d := range SettingDefinitions() {
		if d.Key == key {
			if err := d.apply(&Settings{}, value); err != nil {
				return &FieldError{Field: key, Message: err.Error()}
			}
			return nil
		}
	}
	return unknownSetting(key)
}

func unknownSetting(key string) error {
	return &FieldError{Field: key, Message: "There is no such setting. `gatehouse settings list` shows them all."}
}

// Fixed reports whether the environment fixes the setting.
func (s Settings) Fixed(key string) bool { return s.fixed[key] }

// Value returns the setting in the form in which it is stored and typed.
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
	case SettingEnableUserAppRegistration:
		return strconv.FormatBool(s.EnableUserAppRegistration)
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
	}
	return ""
}

// AccessTokenLifetimeFor is how long an access token of the app lives: what the
// app says, else what the settings say for its type and grant.
func (s Settings) AccessTokenLifetimeFor(app App, implicit bool) time.Duration {
	switch {
	case app.AccessTokenLifetime > 0:
		return app.AccessTokenLifetime
	case app.IsPublic || implicit:
		return s.PublicAccessTokenLifetime
	}
	return s.AccessTokenLifetime
}

// RefreshTokenLifetimeFor is how long a refresh token of the app lives since its last use.
func (s Settings) RefreshTokenLifetimeFor(app App) time.Duration {
	if app.RefreshTokenLifetime > 0 {
		return app.RefreshTokenLifetime
	}
	return s.RefreshTokenLifetime
}

// splitList reads a comma-separated list, passing over blanks.
func splitList(v string) []string {
	var list []string
	for _, item := range strings.Split(v, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}

// allowlistSetting refuses empty and invalid patterns (C 2.13): one that matches
// nothing would shut clients out for no visible reason.
func allowlistSetting(s *Settings, v string) error {
	s.DCRRedirectURIAllowlist = nil
	if strings.TrimSpace(v) == "" {
		return nil
	}
	for _, pattern := range strings.Split(v, ",") {
		pattern = strings.TrimSpace(pattern)
		if problem := allowlistProblem(pattern); problem != "" {
			return errors.New(problem)
		}
		s.DCRRedirectURIAllowlist = append(s.DCRRedirectURIAllowlist, pattern)
	}
	return nil
}

func boolSetting(field func(*Settings) *bool) func(*Settings, string) error {
	return func(s *Settings, v string) error {
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "true":
			*field(s) = true
		case "false":
			*field(s) = false
		default:
			return fmt.Errorf("%q is neither true nor false.", v) //nolint:revive,staticcheck // a sentence for a person
		}
		return nil
	}
}

// Lifetimes below a minute break honest clients, and above a year are no lifetimes.
func lifetimeSetting(field func(*Settings) *time.Duration) func(*Settings, string) error {
	return func(s *Settings, v string) error {
		d, err := time.ParseDuration(strings.TrimSpace(v))
		if err != nil || d < time.Minute || d > 366*24*time.Hour {
			return fmt.Errorf("%q is no duration between one minute and one year, such as 30m or 24h.", v) //nolint:revive,staticcheck // a sentence for a person
		}
		*field(s) = d
		return nil
	}
}
