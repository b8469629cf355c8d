package provider_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/provider"
	"gatehouse/test/testkit"
)

// noApps is a store without apps and grants, with the provider turned on.
type noApps struct{ provider.Store }

func (noApps) App(context.Context, string) (gatehouse.App, error) {
	return gatehouse.App{}, gatehouse.ErrNotFound
}

func (noApps) Settings(context.Context) (gatehouse.Settings, error) {
	return gatehouse.ParseSettings(map[string]string{gatehouse.SettingEnableOAuthServiceProvider: "true"}, nil)
}

func (noApps) Grant(context.Context, string) (gatehouse.Grant, gatehouse.User, error) {
	return gatehouse.Grant{}, gatehouse.User{}, gatehouse.ErrNotFound
}

// The fields of events become metric labels, so clients must not be able to add values.
func TestClientsCannotAddValuesToEvents(t *testing.T) {
	tokens, err := provider.NewTokens(noApps{}, []byte("a secret of the tests, 32 bytes long"))
	require.NoError(t, err)
	var got []provider.Event
	h := provider.New(provider.Config{
		Tokens: tokens, Store: noApps{}, Log: slog.New(slog.DiscardHandler),
		Observe: func(e provider.Event) { got = append(got, e) },
	})
	r := testkit.Serve("", h.Routes())
	const bad = "api.oauth.get_access_token.bad_grant.app_error"
	const unknown = "api.oauth.get_access_token.credentials.app_error"
	for _, tc := range []struct {
		path string
		form url.Values
		want provider.Event
	}{
		{"/oauth/access_token", url.Values{"grant_type": {"made-up"}}, provider.Event{Endpoint: "access_token", Error: "unsupported_grant_type", Rule: bad}},
		{"/oauth/access_token", url.Values{"grant_type": {"authorization_code"}, "code": {"x"}, "client_id": {gatehouse.NewID()}},
			provider.Event{Endpoint: "access_token", Grant: provider.GrantCode, Error: "invalid_client", Rule: unknown}},
		{"/oauth/access_token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_id": {gatehouse.NewID()}},
			provider.Event{Endpoint: "access_token", Grant: provider.GrantRefresh, Error: "invalid_client", Rule: unknown}},
		{"/oauth/introspect", url.Values{"token": {"x"}, "client_id": {gatehouse.NewID()}}, provider.Event{Endpoint: "introspect", Error: "invalid_client", Rule: unknown}},
		{"/oauth/revoke", url.Values{"token": {"x"}, "client_id": {gatehouse.NewID()}}, provider.Event{Endpoint: "revoke", Error: "invalid_client", Rule: unknown}},
	} {
		got = nil
		request := httptest.NewRequest("POST", tc.path, strings.NewReader(tc.form.Encode()))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.ServeHTTP(httptest.NewRecorder(), request)
		require.Equal(t, []provider.Event{tc.want}, got)
	}
}
