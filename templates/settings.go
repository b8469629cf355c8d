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
	Error string
	// Fixed: the variable decides, and nobody can change the setting here.
	Fixed    bool
	Variable string
	// Needs is the title of the switch that has to be on for this one to matter
	// (C 4.9); "" if it is.
	Needs string
	// IsSwitch and IsList say which control it has; else it is a lifetime.
	IsSwitch, IsList bool
}

// Words is what a lifetime says in words, or "" when it cannot be read.
func (f settingField) Words() string {
	d, err := time.ParseDuration(f.Value)
	if err != nil {
		return ""
	}
	return Lifetime(d)
}

// settingTitles are the labels of C 4.9, and ours in their manner.
func settingTitle(key string) string {
	title, ok := map[string]string{
		gatehouse.SettingEnableOAuthServiceProvider:      "OAuth 2.0 service provider",
		gatehouse.SettingEnableDynamicClientRegistration: "Dynamic client registration",
		gatehouse.SettingDCRRedirectURIAllowlist:         "Redirect URI allowlist for dynamic client registration",
		gatehouse.SettingEnableImplicitGrant:             "Implicit grant",
		gatehouse.SettingEnableUserAppRegistration:       "Everybody may register apps",
		gatehouse.SettingAccessTokenLifetime:             "Access tokens of confidential apps",
		gatehouse.SettingPublicAccessTokenLifetime:       "Access tokens of public apps",
		gatehouse.SettingRefreshTokenLifetime:            "Refresh tokens",
	}[key]
	if !ok {
		return key
	}
	return title
}

// settingFields are the settings among keys, in that order.
func settingFields(p ConsolePage, keys ...string) []settingField {
	help := map[string]string{}
	for _, d := range gatehouse.SettingDefinitions() {
		help[d.Key] = d.Description
	}
	var fields []settingField
	for _, key := range keys {
		f := settingField{
			Key: key, Title: settingTitle(key), Help: help[key],
			Value: p.Settings.Value(key), Error: p.Errors[key],
			Fixed: p.Settings.Fixed(key), Variable: "GATEHOUSE_" + strings.ToUpper(key),
		}
		switch key {
		case gatehouse.SettingAccessTokenLifetime, gatehouse.SettingPublicAccessTokenLifetime, gatehouse.SettingRefreshTokenLifetime:
			f.Value = shortDuration(f.Value)
		case gatehouse.SettingDCRRedirectURIAllowlist:
			f.IsList = true
			f.Value = strings.Join(p.Settings.DCRRedirectURIAllowlist, ",\n")
		default:
			f.IsSwitch = true
		}
		if typed, ok := p.Typed[key]; ok && !f.Fixed {
			f.Value = typed
		}
		switch {
		case key == gatehouse.SettingEnableOAuthServiceProvider || key == gatehouse.SettingEnableUserAppRegistration:
		case !p.Settings.EnableOAuthServiceProvider:
			f.Needs = settingTitle(gatehouse.SettingEnableOAuthServiceProvider)
		case key == gatehouse.SettingDCRRedirectURIAllowlist && !p.Settings.EnableDynamicClientRegistration:
			f.Needs = settingTitle(gatehouse.SettingEnableDynamicClientRegistration)
		}
		fields = append(fields, f)
	}
	return fields
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
