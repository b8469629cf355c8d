package templates

import (
	"strings"
	"time"

	"gatehouse"
)

// settingField is one setting of the console.
type settingField struct {
	Key, Title, Help string
	// Value is in the form in which it is typed.
	Value string
	// Was is the value that the page began with, so that saving changes only what
	// the person changed, and not what somebody else did meanwhile.
	Was   string
	Error string
	// Fixed: the variable decides, and nobody can change the setting here.
	Fixed    bool
	Variable string
	// Needs is the title of the switch that has to be on for this one to matter
	// (C 4.9); "" if it is.
	Needs string
	// IsSwitch and IsLifetime say which control it has; else it is a list.
	IsSwitch, IsLifetime bool
	Placeholder          string // of a list
}

// settingSection is a part of the console's form.
type settingSection struct {
	ID, Title, Hint string
	Fields          []settingField
}

// Words is what a lifetime says in words, or "" when it cannot be read.
func (f settingField) Words() string {
	d, err := time.ParseDuration(f.Value)
	if err != nil {
		return ""
	}
	return Lifetime(d)
}

// settingTitle is the label of a setting: those of C 4.9, and ours in their manner.
func settingTitle(key string) string {
	title, ok := map[string]string{
		gatehouse.SettingEnableOAuthServiceProvider:      "OAuth 2.0 service provider",
		gatehouse.SettingEnableDynamicClientRegistration: "Dynamic client registration",
		gatehouse.SettingDCRRedirectURIAllowlist:         "Redirect URI allowlist for dynamic client registration",
		gatehouse.SettingDCRUnusedLifetime:               "Clients that nobody authorised",
		gatehouse.SettingDCRIdleLifetime:                 "Clients that are no longer used",
		gatehouse.SettingEnableImplicitGrant:             "Implicit grant",
		gatehouse.SettingEnableUserAppRegistration:       "Everybody may register apps",
		gatehouse.SettingIntrospectionClientIDs:          "Apps that may introspect every token",
		gatehouse.SettingAccessTokenLifetime:             "Access tokens of confidential apps",
		gatehouse.SettingPublicAccessTokenLifetime:       "Access tokens of public apps",
		gatehouse.SettingRefreshTokenLifetime:            "Refresh tokens",
	}[key]
	if !ok {
		return key
	}
	return title
}

// settingSections are all settings, those that belong together side by side. A
// setting that has no place yet comes last, so that none is ever missing.
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
			gatehouse.SettingEnableUserAppRegistration, gatehouse.SettingEnableImplicitGrant, gatehouse.SettingIntrospectionClientIDs)},
		{ID: "dcr", Title: "Clients that register themselves", Fields: fields(gatehouse.SettingEnableDynamicClientRegistration,
			gatehouse.SettingDCRRedirectURIAllowlist, gatehouse.SettingDCRUnusedLifetime, gatehouse.SettingDCRIdleLifetime)},
		{ID: "lifetimes", Title: "How long tokens live",
			Hint:   "Durations such as 30m, 24h or 720h, between one minute and one year. What an app got already keeps the time that it was given.",
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
		f.IsSwitch, f.Value = true, f.Was
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
	case d.Key == gatehouse.SettingDCRRedirectURIAllowlist && !p.Settings.EnableDynamicClientRegistration:
		f.Needs = settingTitle(gatehouse.SettingEnableDynamicClientRegistration)
	}
	return f
}

// settingProblems is the summary of the errors, in the order of the form.
func settingProblems(p ConsolePage) []problem {
	var order []string
	for _, section := range settingSections(p) {
		for _, f := range section.Fields {
			order = append(order, f.Key)
		}
	}
	return problems(p.Errors, order...)
}

// shortDuration takes the empty units off a duration: "720h0m0s" → "720h".
func shortDuration(s string) string {
	if short, ok := strings.CutSuffix(s, "m0s"); ok {
		s = short + "m"
	}
	if short, ok := strings.CutSuffix(s, "h0m"); ok {
		s = short + "h"
	}
	return s
}
