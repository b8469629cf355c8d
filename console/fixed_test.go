package console_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/console"
	"gatehouse/internal/web"
	"gatehouse/storage"
	"gatehouse/templates"
	"gatehouse/test/testdb"
	"gatehouse/test/testkit"
)

// alwaysSignedIn is a web.SignIn for which every request comes from the same user.
type alwaysSignedIn struct{ user gatehouse.User }

func (a alwaysSignedIn) Caller(*http.Request) (gatehouse.Caller, error) {
	return gatehouse.Caller{User: a.user, Session: gatehouse.Session{ID: gatehouse.NewID()}}, nil
}

func (alwaysSignedIn) RedirectToLogin(http.ResponseWriter, *http.Request, string) {}

// newConsole returns the console below /sso of a gateway with fixed settings.
func newConsole(t *testing.T, databaseURL string, fixed map[string]string) (http.Handler, *storage.Store) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	store, err := storage.Open(t.Context(), storage.Options{URL: databaseURL, FixedSettings: fixed, Log: log})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, store.MigrateUp(t.Context()))
	renderer, err := templates.New(templates.Site{BasePath: "/sso"})
	require.NoError(t, err)
	root := gatehouse.User{ID: gatehouse.NewID(), Username: "root", Roles: []string{gatehouse.RoleSystemAdmin}}
	forms, err := web.NewKeptForms(&url.URL{Scheme: "http", Host: "example.com", Path: "/sso"}, make([]byte, 32))
	require.NoError(t, err)
	handler := console.NewHandler(console.Config{
		Pages: web.Pages{
			SignIn: alwaysSignedIn{root}, Settings: store, Renderer: renderer, Forms: forms, Log: log,
			Notices: web.Notices{Cookie: "gatehouse_notice", BasePath: "/sso"},
		},
		Users:    lastAdmin{},
		Settings: console.NewSettingsEditor(console.SettingsEditorConfig{Store: store, Log: log}), Store: store, BasePath: "/sso",
	})
	return testkit.Serve("/sso", handler.Routes()), store
}

// lastAdmin refuses every change as if the user were the last System Admin.
type lastAdmin struct{ console.Users }

func (lastAdmin) SetActive(context.Context, gatehouse.Caller, string, bool) error {
	return gatehouse.ErrLastSystemAdmin
}

func (lastAdmin) SetSystemAdmin(context.Context, gatehouse.Caller, string, bool) error {
	return gatehouse.ErrLastSystemAdmin
}

func send(t *testing.T, h http.Handler, method, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "/sso"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if to := w.Header().Get("Location"); strings.Contains(to, "kept_form=") { // the page that shows the form again
		r = httptest.NewRequestWithContext(t.Context(), http.MethodGet, to, nil)
		r.AddCookie(w.Result().Cookies()[0])
		w = httptest.NewRecorder()
		h.ServeHTTP(w, r)
	}
	return w
}

func TestFixedSettingsAreReadOnly(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		h, store := newConsole(t, databaseURL, map[string]string{
			gatehouse.SettingEnableOAuthServiceProvider: "true", gatehouse.SettingDCRRedirectURIAllowlist: "https://a.example.com/**",
		})
		page, err := goquery.NewDocumentFromReader(send(t, h, http.MethodGet, "/console", nil).Body)
		require.NoError(t, err)
		form := formOf(t, page, "/sso/console")
		require.False(t, form.Has(gatehouse.SettingEnableOAuthServiceProvider), "the form does not send a read-only field")
		require.False(t, form.Has(gatehouse.SettingDCRRedirectURIAllowlist))
		require.Contains(t, page.Find("#enable_oauth_service_provider-hint").Text(), "GATEHOUSE_ENABLE_OAUTH_SERVICE_PROVIDER")
		require.Contains(t, page.Find("#dcr_redirect_uri_allowlist-hint").Text(), "GATEHOUSE_DCR_REDIRECT_URI_ALLOWLIST")
		require.Contains(t, page.Find("#dcr_redirect_uri_allowlist").Text(), "https://a.example.com/**", "the value is shown")

		form.Set(gatehouse.SettingEnableOAuthServiceProvider, "false")
		form.Set(gatehouse.SettingEnableImplicitGrant, "false")
		w := send(t, h, http.MethodPost, "/console", form)
		require.Equal(t, http.StatusBadRequest, w.Code)
		require.Contains(t, w.Body.String(), "An environment variable fixes this setting.")
		settings, err := store.Settings(t.Context())
		require.NoError(t, err)
		require.True(t, settings.EnableOAuthServiceProvider)
		require.True(t, settings.EnableImplicitGrant, "the other setting was not saved either")

		form.Del(gatehouse.SettingEnableOAuthServiceProvider)
		w = send(t, h, http.MethodPost, "/console", form)
		require.Equal(t, http.StatusSeeOther, w.Code)
		require.Equal(t, "/sso/console", w.Header().Get("Location"))
		require.Contains(t, w.Header().Get("Set-Cookie"), "gatehouse_notice=saved; Path=/sso/;")
		settings, err = store.Settings(t.Context())
		require.NoError(t, err)
		require.False(t, settings.EnableImplicitGrant)
	})
}

func TestLastSystemAdminErrorPage(t *testing.T) {
	h, store := newConsole(t, testdb.SQLite(t), nil)
	ben := gatehouse.User{ID: gatehouse.NewID(), Username: "ben", Email: "ben@example.com", Roles: []string{gatehouse.RoleSystemAdmin}}
	require.NoError(t, store.CreateUser(t.Context(), ben))
	for _, action := range []string{"/deactivate", "/demote"} {
		w := send(t, h, http.MethodPost, "/console/users/"+ben.ID+action, nil)
		require.Equal(t, http.StatusConflict, w.Code)
		require.Contains(t, w.Body.String(), "This user is the last active System Admin.")
		require.Contains(t, w.Body.String(), `href="/sso/console/users/`+ben.ID+`"`)
	}
}
