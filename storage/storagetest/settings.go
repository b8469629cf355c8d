package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

func settingCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"a new database has the default settings":                                         settingDefaults,
		"a node sees its own changes of settings immediately, and others within a second": settingsAreSeen,
		"an invalid setting is refused":                                                   settingRefused,
		"all settings are stored or none":                                                 settingsTogether,
		"concurrent changes of settings do not deadlock":                                  settingsRace,
		"a setting that the environment fixes cannot be changed":                          settingFixed,
		"a caller cannot change the cached settings":                                      settingCacheIsNotShared,
	}
}

func settingDefaults(t *testing.T, d *database) {
	want, err := gatehouse.ParseSettings(nil, nil)
	require.NoError(t, err)
	got, err := d.node().Settings(context.Background())
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.False(t, got.EnableOAuthServiceProvider)
}

func settingsAreSeen(t *testing.T, d *database) {
	ctx, here, there := context.Background(), d.node(), d.node()
	enabled := func(s *storage.Store) bool {
		settings, err := s.Settings(ctx)
		require.NoError(t, err)
		return settings.EnableOAuthServiceProvider
	}
	require.False(t, enabled(here))
	require.False(t, enabled(there))
	for _, value := range []string{"true", "false"} { // insert, then update
		require.NoError(t, here.SetSettings(ctx, map[string]string{gatehouse.SettingEnableOAuthServiceProvider: value}, gatehouse.NewID(), start))
		require.Equal(t, value == "true", enabled(here))
		require.Eventually(t, func() bool { return enabled(there) == (value == "true") }, time.Minute, 10*time.Millisecond)
	}
	require.Equal(t, 1, d.count("settings"))
}

func settingRefused(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	var field *gatehouse.FieldError
	require.ErrorAs(t, store.SetSettings(ctx, map[string]string{gatehouse.SettingEnableOAuthServiceProvider: "perhaps"}, "", start), &field)
	require.Equal(t, gatehouse.SettingEnableOAuthServiceProvider, field.Field)
	require.ErrorAs(t, store.SetSettings(ctx, map[string]string{"no_such_setting": "true"}, "", start), &field)
	require.Zero(t, d.count("settings"))
}

func settingsTogether(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	var field *gatehouse.FieldError
	require.ErrorAs(t, store.SetSettings(ctx, map[string]string{
		gatehouse.SettingEnableOAuthServiceProvider: "true", gatehouse.SettingRefreshTokenLifetime: "never",
	}, "", start), &field)
	require.Equal(t, gatehouse.SettingRefreshTokenLifetime, field.Field)
	require.Zero(t, d.count("settings"), "all of them or none")
	require.NoError(t, store.SetSettings(ctx, nil, "", start))
	require.NoError(t, store.SetSettings(ctx, map[string]string{
		gatehouse.SettingEnableOAuthServiceProvider: "true", gatehouse.SettingEnableDynamicClientRegistration: "true",
	}, "", start))
	settings, err := store.Settings(ctx)
	require.NoError(t, err)
	require.True(t, settings.EnableOAuthServiceProvider && settings.EnableDynamicClientRegistration)
}

func settingsRace(t *testing.T, d *database) {
	nodes := d.nodes()
	values := map[string]string{gatehouse.SettingEnableOAuthServiceProvider: "true"}
	for _, s := range gatehouse.SettingDefinitions() {
		values[s.Key] = s.Default
	}
	for _, err := range race(16, func(i int) error { return nodes[i%2].SetSettings(context.Background(), values, "", start) }) {
		require.NoError(t, err)
	}
	require.Equal(t, len(values), d.count("settings"))
}

func settingFixed(t *testing.T, d *database) {
	ctx := context.Background()
	require.NoError(t, d.node().SetSettings(ctx, map[string]string{gatehouse.SettingEnableDynamicClientRegistration: "true"}, "", start))
	fixed := open(t, storage.Options{URL: d.url, FixedSettings: map[string]string{gatehouse.SettingEnableDynamicClientRegistration: "false"}})
	settings, err := fixed.Settings(ctx)
	require.NoError(t, err)
	require.False(t, settings.EnableDynamicClientRegistration, "the environment has priority over the database")
	require.True(t, settings.Fixed(gatehouse.SettingEnableDynamicClientRegistration))
	require.ErrorIs(t, fixed.SetSettings(ctx, map[string]string{gatehouse.SettingEnableDynamicClientRegistration: "true"}, "", start), gatehouse.ErrSettingFixed)

	_, err = storage.Open(ctx, storage.Options{URL: d.url, FixedSettings: map[string]string{gatehouse.SettingAccessTokenLifetime: "soon"}})
	var field *gatehouse.FieldError
	require.ErrorAs(t, err, &field)
}

func settingCacheIsNotShared(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	require.NoError(t, store.SetSettings(ctx, map[string]string{gatehouse.SettingDCRRedirectURIAllowlist: "https://a.example/*"}, "", start))
	for range 3 {
		settings, err := store.Settings(ctx)
		require.NoError(t, err)
		require.Equal(t, []string{"https://a.example/*"}, settings.DCRRedirectURIAllowlist)
		settings.DCRRedirectURIAllowlist[0] = "*"
	}
}
