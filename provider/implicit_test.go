package provider_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

func TestImplicitGrant(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ada := g.User(t, "ada")
		for name, app := range map[string]testkit.App{"confidential": g.App(t, nil), "public": g.PublicApp(t)} {
			t.Run(name, func(t *testing.T) {
				b := g.SignedIn(t, ada)
				a := b.Decide(t, b.Authorize(t, app, "response_type=token", "-code_challenge", "-code_challenge_method"), "allow")
				require.Contains(t, a.Location, testkit.RedirectURI+"#")
				require.Equal(t, "bearer", a.Query.Get("token_type"))
				require.Equal(t, "86400", a.Query.Get("expires_in"))
				require.Equal(t, "user", a.Query.Get("scope"))
				require.Equal(t, "xyz", a.Query.Get("state"))
				require.Equal(t, g.URL, a.Query.Get("iss"))
				require.False(t, a.Query.Has("refresh_token"))
				status, id := g.Me(t, a.Query.Get("access_token"))
				require.Equal(t, http.StatusOK, status)
				require.Equal(t, ada.ID, id)

				second := b.Authorize(t, app, "response_type=token")
				require.NotEqual(t, a.Query.Get("access_token"), second.Query.Get("access_token"), "each authorization has its own token")
				require.NoError(t, g.Store.DeleteConsent(t.Context(), ada.ID, app.ID, time.Now()))
				for _, token := range []string{a.Query.Get("access_token"), second.Query.Get("access_token")} {
					status, _ = g.Me(t, token)
					require.Equal(t, http.StatusUnauthorized, status, "revoking the app revokes all of them")
				}
			})
		}
	})
}

func TestImplicitGrantCanBeTurnedOff(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		g.Set(t, gatehouse.SettingEnableImplicitGrant, "false")
		a := g.SignedIn(t, g.User(t, "ada")).Authorize(t, g.App(t, nil), "response_type=token")
		require.Equal(t, "unsupported_response_type", a.Query.Get("error"))
	})
}

func TestResponseModeFormPost(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		b.Code(t, app)
		a := b.Authorize(t, app, "response_mode=form_post")
		require.Equal(t, http.StatusOK, a.Status)
		form := a.Page(t).Find("form")
		require.Equal(t, testkit.RedirectURI, form.AttrOr("action", ""))
		fields := map[string]string{}
		for _, name := range []string{"code", "state", "iss"} {
			fields[name] = form.Find(`input[name="`+name+`"]`).AttrOr("value", "")
		}
		require.Equal(t, "xyz", fields["state"])
		require.Equal(t, g.URL, fields["iss"])
		g.Redeem(t, app, fields["code"])

		fragment := b.Authorize(t, app, "response_mode=fragment")
		require.Contains(t, fragment.Location, testkit.RedirectURI+"#")
		g.Redeem(t, app, fragment.Code())
	})
}

// Lifetimes are settings, and an app can override them.
func TestLifetimes(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		b := g.SignedIn(t, g.User(t, "ada"))
		public := g.PublicApp(t)
		require.EqualValues(t, 24*3600, g.Redeem(t, public, b.Code(t, public)).ExpiresIn)

		app := g.App(t, nil)
		_, err := g.Apps.Update(t.Context(), app.ID, "", func(a *gatehouse.App) error {
			a.AccessTokenLifetime, a.RefreshTokenLifetime = 5*time.Minute, 2*time.Hour
			return nil
		})
		require.NoError(t, err)
		tokens := g.Redeem(t, app, b.Code(t, app))
		require.EqualValues(t, 300, tokens.ExpiresIn)
		require.EqualValues(t, 300, g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken)).ExpiresIn)

		g.Set(t, gatehouse.SettingAccessTokenLifetime, "10m")
		other := g.App(t, nil)
		require.EqualValues(t, 600, g.Redeem(t, other, b.Code(t, other)).ExpiresIn)
	})
}
