package templates

import (
	"strings"
	"time"

	"gatehouse"
)

// settingField is one setting on the console page.
type settingField struct {
	Key, Title, Help string
	// Value is the value as a System Admin types it.
	Value string
	// Was is the value that the page shows first. Saving changes only the settings
	// whose value differs from it, so that it does not undo a change that another
	// System Admin made in the meantime.
	Was   string
	Error string
	// Fixed reports that the environment variable Variable sets the value, so that
	// the page cannot change it.
	Fixed    bool
	Variable string
	// Needs is the title of another setting that must be on before this setting has
	// an effect (C 4.9). It is empty if that setting is on.
	Needs string
	// IsBool, IsLifetime and Choices select the control. Any other setting is a list.
	IsBool, IsLifetime bool
	Choices            []string // of a setting that has one of several values
	Placeholder        string   // of a list
}

// settingSection is a part of the console's form.
type settingSection struct {
	ID, Title, Hint string
	Fields          []settingField
}

// Words returns the lifetime in words, or "" if Value is not a duration.
func (f settingField) Words() string {
	d, err := time.ParseDuration(f.Value)
	if err != nil {
		return ""
	}
	return Lifetime(d)
}

// settingTitle returns the label of a setting. C 4.9 lists the labels of the contract.
func settingTitle(key string) string {
	title, ok := map[string]string{
		gatehouse.SettingEnableOAuthServiceProvider:      "OAuth 2.0 service provider",
		gatehouse.SettingEnableDynamicClientRegistration: "Dynamic client registration",
		gatehouse.SettingDCRRedirectURIAllowlist:         "Redirect URI allowlist for dynamic client registration",
		gatehouse.SettingDCRUnusedLifetime:               "Delete unauthorized self-registered apps after",
		gatehouse.SettingDCRIdleLifetime:                 "Delete unused self-registered apps after",
		gatehouse.SettingEnableImplicitGrant:             "Implicit grant",
		gatehouse.SettingEnableOpenIDConnect:             "OpenID Connect",
		gatehouse.SettingEnableUserAppRegistration:       "All users can register apps",
		gatehouse.SettingDefaultIDTokenAlgorithm:         "Signature of ID tokens of new apps",
		gatehouse.SettingIntrospectionClientIDs:          "Apps that can introspect every token",
		gatehouse.SettingEgressAllowedNetworks:           "Private networks for back-channel logout",
		gatehouse.SettingAccessTokenLifetime:             "Access tokens of confidential apps",
		gatehouse.SettingPublicAccessTokenLifetime:       "Access tokens of public apps",
		gatehouse.SettingRefreshTokenLifetime:            "Refresh tokens",
	}[key]
	if !ok {
		return key
	}
	return title
}

// settingSections returns all settings in sections. A setting that no section
// names is in a last section, so that no setting is missing from the page.
func settingSections(p ConsolePage) []settingSection {
	placed := map[string]bool{}
	definitions := gatehouse.SettingDefinitions()
	fields := func(keys ...string) []settingField {
		var list []settingField
		for _, key := range keys {
			for _, d := range definitions {
				if d.Key == key {
					list = append(list, newSettingField(p, d))
					placed[key] = true
				}
			}
		}
		return list
	}
	sections := []settingSection{
		{ID: "features", Title: "OAuth 2.0 applications", Fields: fields(gatehouse.SettingEnableOAuthServiceProvider,
			gatehouse.SettingEnableUserAppRegistration, gatehouse.SettingEnableOpenIDConnect, gatehouse.SettingDefaultIDTokenAlgorithm, gatehouse.SettingEnableImplicitGrant, gatehouse.SettingIntrospectionClientIDs, gatehouse.SettingEgressAllowedNetworks)},
		{ID: "dcr", Title: "Self-registered apps", Fields: fields(gatehouse.SettingEnableDynamicClientRegistration,
			gatehouse.SettingDCRRedirectURIAllowlist, gatehouse.SettingDCRUnusedLifetime, gatehouse.SettingDCRIdleLifetime)},
		{ID: "lifetimes", Title: "Token lifetimes",
			Hint:   "Enter a duration between one minute and one year, such as 30m, 24h or 720h. Tokens that an app already has keep their lifetime.",
			Fields: fields(gatehouse.SettingAccessTokenLifetime, gatehouse.SettingPublicAccessTokenLifetime, gatehouse.SettingRefreshTokenLifetime)},
	}
	var rest []settingField
	for _, d := range definitions {
		if !placed[d.Key] {
			rest = append(rest, newSettingField(p, d))
		}
	}
	if len(rest) > 0 {
		sections = append(sections, settingSection{ID: "more", Title: "More", Fields: rest})
	}
	return sections
}

func newSettingField(p ConsolePage, d gatehouse.SettingDefinition) settingField {
	f := settingField{
		Key: d.Key, Title: settingTitle(d.Key), Help: d.Description,
		Was: p.Settings.Value(d.Key), Error: p.Errors[d.Key],
		Fixed: p.Settings.Fixed(d.Key), Variable: "GATEHOUSE_" + strings.ToUpper(d.Key),
	}
	_, notDuration := time.ParseDuration(d.Default)
	switch {
	case d.Default == "true" || d.Default == "false":
		f.IsBool, f.Value = true, f.Was
	case d.Key == gatehouse.SettingDefaultIDTokenAlgorithm:
		f.Choices, f.Value = gatehouse.SigningAlgorithms(), f.Was
	case notDuration == nil:
		f.IsLifetime, f.Value = true, shortDuration(f.Was)
	default:
		f.Value = strings.ReplaceAll(f.Was, ",", ",\n")
	}
	if typed, ok := p.Typed[d.Key]; ok && !f.Fixed {
		f.Value = typed
	}
	if d.Key == gatehouse.SettingDCRRedirectURIAllowlist {
		f.Placeholder = "https://*.example.com/**"
	}
	switch {
	case d.Key == gatehouse.SettingEnableOAuthServiceProvider || d.Key == gatehouse.SettingEnableUserAppRegistration:
	case !p.Settings.EnableOAuthServiceProvider:
		f.Needs = settingTitle(gatehouse.SettingEnableOAuthServiceProvider)
	case d.Key == gatehouse.SettingDefaultIDTokenAlgorithm && !p.Settings.EnableOpenIDConnect:
		f.Needs = settingTitle(gatehouse.SettingEnableOpenIDConnect)
	case d.Key == gatehouse.SettingDCRRedirectURIAllowlist && !p.Settings.EnableDynamicClientRegistration:
		f.Needs = settingTitle(gatehouse.SettingEnableDynamicClientRegistration)
	}
	return f
}

// settingProblems returns the errors of the form, in the order of its fields.
func settingProblems(p ConsolePage) []problem {
	var order []string
	for _, section := range settingSections(p) {
		for _, f := range section.Fields {
			order = append(order, f.Key)
		}
	}
	return problems(p.Errors, order...)
}

// shortDuration removes the zero units at the end of a duration: "720h0m0s" becomes "720h".
func shortDuration(s string) string {
	if short, ok := strings.CutSuffix(s, "m0s"); ok {
		s = short + "m"
	}
	if short, ok := strings.CutSuffix(s, "h0m"); ok {
		s = short + "h"
	}
	return s
}
