package console_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

// formOf returns the values that a browser sends for the only form with this action.
func formOf(t *testing.T, page *goquery.Document, action string) url.Values {
	t.Helper()
	form := page.Find(`form[action="` + action + `"]`)
	require.Equal(t, 1, form.Length(), action)
	values := url.Values{}
	form.Find("input, textarea").Each(func(_ int, s *goquery.Selection) {
		kind := s.AttrOr("type", "text")
		_, checked := s.Attr("checked")
		_, disabled := s.Attr("disabled")
		if disabled || s.Closest("fieldset[disabled]").Length() > 0 || (kind == "radio" || kind == "checkbox") && !checked {
			return
		}
		value := s.AttrOr("value", "")
		if goquery.NodeName(s) == "textarea" {
			value = s.Text()
		}
		values.Set(s.AttrOr("name", ""), value)
	})
	return values
}

func TestEverySettingIsOnThePage(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root := g.SignedIn(t, g.Admin(t, "root"))
		page := root.Get(t, "/console").Page(t)
		form := formOf(t, page, "/console")
		for _, d := range gatehouse.SettingDefinitions() {
			require.True(t, form.Has(d.Key), d.Key)
			require.Contains(t, page.Find("#"+d.Key+"-hint").Text(), d.Description)
		}
	})
}

func TestSavingWithoutChangesChangesNothing(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root := g.SignedIn(t, g.Admin(t, "root"))
		a := root.Follow(t, root.Post(t, "/console", formOf(t, root.Get(t, "/console").Page(t), "/console")))
		require.Contains(t, a.Page(t).Find(".notice").Text(), "Nothing was changed.")
		require.Empty(t, events(t, g, gatehouse.AuditUpdateSetting))
	})
}

func TestSettingsAreSavedAndAudited(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root := g.SignedIn(t, g.Admin(t, "root"))
		form := formOf(t, root.Get(t, "/console").Page(t), "/console")
		form.Set(gatehouse.SettingEnableDynamicClientRegistration, "true")
		form.Set(gatehouse.SettingDCRRedirectURIAllowlist, "https://a.example.com/cb,\r\n\r\n  https://b.example.com/**  \r\n")
		form.Set(gatehouse.SettingAccessTokenLifetime, " 30m ")
		a := root.Follow(t, root.Post(t, "/console", form))
		require.Contains(t, a.Page(t).Find(".notice").Text(), "The settings were saved.")

		settings, err := g.Store.Settings(t.Context())
		require.NoError(t, err)
		require.True(t, settings.EnableDynamicClientRegistration)
		require.Equal(t, []string{"https://a.example.com/cb", "https://b.example.com/**"}, settings.DCRRedirectURIAllowlist)
		require.Equal(t, "30m0s", settings.AccessTokenLifetime.String())

		var recorded []string
		for _, e := range events(t, g, gatehouse.AuditUpdateSetting) {
			require.Equal(t, root.User.ID, e.ActorID)
			require.NotEmpty(t, e.RequestID)
			require.NotEmpty(t, e.IP)
			recorded = append(recorded, e.TargetID+": "+e.Detail)
		}
		require.ElementsMatch(t, []string{
			"enable_dynamic_client_registration: Changed from “false” to “true”.",
			"dcr_redirect_uri_allowlist: Changed from “” to “https://a.example.com/cb,https://b.example.com/**”.",
			"access_token_lifetime: Changed from “1h0m0s” to “30m0s”.",
		}, recorded, "only changes are audited")
	})
}

func TestInvalidValuesAreShownAgainAndNothingIsSaved(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root := g.SignedIn(t, g.Admin(t, "root"))
		form := formOf(t, root.Get(t, "/console").Page(t), "/console")
		form.Set(gatehouse.SettingEnableImplicitGrant, "false")
		form.Set(gatehouse.SettingAccessTokenLifetime, `"><script>an hour`)
		form.Set(gatehouse.SettingRefreshTokenLifetime, "1s")
		form.Set(gatehouse.SettingIntrospectionClientIDs, "no client")
		form.Set(gatehouse.SettingDCRRedirectURIAllowlist, " , ") // as an empty list it would accept every redirect URI
		a := root.Post(t, "/console", form)
		require.Equal(t, http.StatusBadRequest, a.Status)
		page := a.Page(t)
		require.Equal(t, 4, page.Find("#problems li").Length())
		require.Zero(t, page.Find("main script").Length())
		for _, key := range []string{gatehouse.SettingAccessTokenLifetime, gatehouse.SettingRefreshTokenLifetime, gatehouse.SettingIntrospectionClientIDs, gatehouse.SettingDCRRedirectURIAllowlist} {
			require.Equal(t, 1, page.Find("#"+key+"-error").Length(), key)
		}
		again := formOf(t, page, "/console")
		require.Equal(t, form, again, "the form keeps what was typed")

		settings, err := g.Store.Settings(t.Context())
		require.NoError(t, err)
		require.True(t, settings.EnableImplicitGrant)
		require.Empty(t, events(t, g, gatehouse.AuditUpdateSetting))

		again.Set(gatehouse.SettingAccessTokenLifetime, "2h")
		again.Set(gatehouse.SettingRefreshTokenLifetime, "240h")
		again.Set(gatehouse.SettingIntrospectionClientIDs, gatehouse.NewID())
		again.Set(gatehouse.SettingDCRRedirectURIAllowlist, "")
		root.Follow(t, root.Post(t, "/console", again))
		require.Len(t, events(t, g, gatehouse.AuditUpdateSetting), 4)
	})
}

func TestOldPageDoesNotUndoTheChangeOfAnotherAdmin(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root, ben := g.SignedIn(t, g.Admin(t, "root")), g.SignedIn(t, g.Admin(t, "ben"))
		old := formOf(t, root.Get(t, "/console").Page(t), "/console")

		fresh := formOf(t, ben.Get(t, "/console").Page(t), "/console")
		fresh.Set(gatehouse.SettingEnableImplicitGrant, "false")
		ben.Follow(t, ben.Post(t, "/console", fresh))

		old.Set(gatehouse.SettingAccessTokenLifetime, "never")
		a := root.Post(t, "/console", old)
		require.Equal(t, http.StatusBadRequest, a.Status)
		old = formOf(t, a.Page(t), "/console")
		old.Set(gatehouse.SettingAccessTokenLifetime, "2h")
		root.Follow(t, root.Post(t, "/console", old))

		settings, err := g.Store.Settings(t.Context())
		require.NoError(t, err)
		require.False(t, settings.EnableImplicitGrant)
		require.Equal(t, "2h0m0s", settings.AccessTokenLifetime.String())
	})
}

func events(t *testing.T, g *testkit.Gateway, name string) []gatehouse.AuditEvent {
	t.Helper()
	all, err := g.Store.AuditEvents(t.Context(), "", 1000)
	require.NoError(t, err)
	var found []gatehouse.AuditEvent
	for _, e := range all {
		if e.Event == name {
			found = append(found, e)
		}
	}
	return found
}
