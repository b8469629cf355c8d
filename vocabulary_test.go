package gatehouse_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

func TestIDsAreUniqueAndValid(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := gatehouse.NewID()
		require.True(t, gatehouse.ValidID(id), id)
		require.False(t, seen[id])
		seen[id] = true
	}
	for _, bad := range []string{"", "short", strings.Repeat("a", 25), strings.Repeat("a", 27), strings.Repeat("a", 25) + "-", strings.Repeat("a", 25) + "\n"} {
		require.False(t, gatehouse.ValidID(bad), "%q", bad)
	}
	require.True(t, gatehouse.ValidID(strings.Repeat("A", 26)))
}

func TestDerivedIDsAreTheSameForTheSameSeed(t *testing.T) {
	require.Equal(t, gatehouse.DeriveID("seed"), gatehouse.DeriveID("seed"))
	require.NotEqual(t, gatehouse.DeriveID("seed"), gatehouse.DeriveID("seed "))
	require.True(t, gatehouse.ValidID(gatehouse.DeriveID("")))
}

func TestSecretsMatchTheirHashOnly(t *testing.T) {
	secret := gatehouse.NewSecret()
	hash := gatehouse.HashSecret(secret)
	require.NotContains(t, hash, secret)
	require.True(t, gatehouse.SecretMatches(secret, hash))
	require.False(t, gatehouse.SecretMatches(secret+"x", hash))
	require.False(t, gatehouse.SecretMatches("", ""), "a public app's missing hash matches nothing")
	require.False(t, gatehouse.SecretMatches("", gatehouse.HashSecret("x")))
}

func TestParseScope(t *testing.T) {
	cases := map[string][]string{
		"": {"user"}, "   ": {"user"}, "user": {"user"}, "a b": {"a", "b"}, " b  a b ": {"b", "a"}, "https://x.example/y!": {"https://x.example/y!"},
	}
	for scope, want := range cases {
		got, err := gatehouse.ParseScope(scope)
		require.NoError(t, err)
		require.Equal(t, want, got, "%q", scope)
	}
	for _, bad := range []string{"a\tb", "a\nb", `a"b`, `a\b`, "ä", "a\x00", "a\x7f"} {
		_, err := gatehouse.ParseScope(bad)
		require.Error(t, err, "%q", bad)
	}
}

func TestPermissionsAreHeldByRoles(t *testing.T) {
	admin := gatehouse.User{Roles: []string{gatehouse.RoleSystemUser, gatehouse.RoleSystemAdmin}}
	user := gatehouse.User{Roles: []string{gatehouse.RoleSystemUser}}
	allUsers := gatehouse.Settings{EnableUserAppRegistration: true}
	all := []gatehouse.Permission{gatehouse.PermissionManageOAuth, gatehouse.PermissionManageSystemWideOAuth, gatehouse.PermissionManageSystem, gatehouse.PermissionEditOtherUsers}
	for _, p := range all {
		require.True(t, admin.Can(p, gatehouse.Settings{}), p)
		require.False(t, user.Can(p, gatehouse.Settings{}), p)
		require.Equal(t, p == gatehouse.PermissionManageOAuth, user.Can(p, allUsers), p)
	}
	admin.DeleteAt = time.Now()
	require.False(t, admin.Can(gatehouse.PermissionManageSystem, allUsers), "a deactivated user holds no permission")
}

func TestSettingsHaveSafeDefaults(t *testing.T) {
	s, err := gatehouse.ParseSettings(nil, nil)
	require.NoError(t, err)
	require.False(t, s.EnableOAuthServiceProvider)
	require.False(t, s.EnableDynamicClientRegistration)
	require.False(t, s.EnableUserAppRegistration)
	require.Equal(t, time.Hour, s.AccessTokenLifetimeFor(gatehouse.App{}, false))
	require.Equal(t, 24*time.Hour, s.AccessTokenLifetimeFor(gatehouse.App{IsPublic: true}, false))
	require.Equal(t, 24*time.Hour, s.AccessTokenLifetimeFor(gatehouse.App{}, true), "implicit")
	require.Equal(t, time.Minute, s.AccessTokenLifetimeFor(gatehouse.App{AccessTokenLifetime: time.Minute, IsPublic: true}, false))
	require.Equal(t, 30*24*time.Hour, s.RefreshTokenLifetimeFor(gatehouse.App{}))
	require.Equal(t, time.Hour, s.RefreshTokenLifetimeFor(gatehouse.App{RefreshTokenLifetime: time.Hour}))
}

func TestSettingsRoundTripAsText(t *testing.T) {
	for _, d := range gatehouse.SettingDefinitions() {
		require.NotEmpty(t, d.Description, d.Key)
		require.NoError(t, gatehouse.CheckSetting(d.Key, d.Default), d.Key)
		s, err := gatehouse.ParseSettings(map[string]string{d.Key: d.Default}, nil)
		require.NoError(t, err)
		again, err := gatehouse.ParseSettings(map[string]string{d.Key: s.Value(d.Key)}, nil)
		require.NoError(t, err, d.Key)
		require.Equal(t, s, again)
	}
}

func TestTheEnvironmentFixesSettings(t *testing.T) {
	key := gatehouse.SettingEnableOAuthServiceProvider
	s, err := gatehouse.ParseSettings(map[string]string{key: "false", "of_a_newer_version": "x"}, map[string]string{key: "true"})
	require.NoError(t, err)
	require.True(t, s.EnableOAuthServiceProvider)
	require.True(t, s.Fixed(key))
	require.False(t, s.Fixed(gatehouse.SettingEnableImplicitGrant))
	_, err = gatehouse.ParseSettings(nil, map[string]string{"no_such_setting": "x"})
	require.Error(t, err)
}

func TestInvalidSettingsAreRefused(t *testing.T) {
	for key, value := range map[string]string{
		gatehouse.SettingEnableImplicitGrant:    "yes",
		gatehouse.SettingAccessTokenLifetime:    "1s",
		gatehouse.SettingRefreshTokenLifetime:   "forever",
		gatehouse.SettingIntrospectionClientIDs: "not an id",
		"no_such_setting":                       "x",

		gatehouse.SettingDefaultIDTokenAlgorithm: "none",
	} {
		err := gatehouse.CheckSetting(key, value)
		var field *gatehouse.FieldError
		require.ErrorAs(t, err, &field)
		require.Equal(t, key, field.Field)
		require.True(t, strings.HasSuffix(field.Message, "."), field.Message)
	}
}
