package provider_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

// selfRegistered stores a public app that registered itself.
func selfRegistered(t *testing.T, g *testkit.Gateway) testkit.App {
	t.Helper()
	now := time.Now()
	app := gatehouse.App{
		ID: gatehouse.NewID(), Name: "Client", RedirectURIs: []string{testkit.RedirectURI}, IsPublic: true, IsDynamicallyRegistered: true,
		TokenEndpointAuthMethod: gatehouse.AuthMethodNone, CreateAt: now, UpdateAt: now,
	}
	require.NoError(t, g.Store.CreateApp(context.Background(), app))
	return testkit.App{App: app}
}

// A client registers again if the token endpoint answers invalid_client. The user of a
// public client, which has no refresh token, sees a page that says what to do.
func TestTheUserOfARemovedClientLearnsWhatToDo(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		b := g.SignedIn(t, g.User(t, "alice"))
		app := selfRegistered(t, g)
		code := b.Code(t, app)
		require.NoError(t, g.Store.DeleteApp(context.Background(), app.ID))

		tokens := g.Token(t, testkit.RedeemForm(app, code))
		require.Equal(t, http.StatusUnauthorized, tokens.Status, tokens.Raw)
		require.Equal(t, "invalid_client", tokens.Error)

		for _, visitor := range []*testkit.Browser{b, g.NewBrowser(t)} {
			answer := visitor.Authorize(t, app)
			require.Equal(t, http.StatusNotFound, answer.Status)
			text := answer.Page(t).Find("main").Text()
			require.Contains(t, text, "In the app, remove the connection to this server and connect again")
			require.NotContains(t, text, "client_id")
		}
	})
}

func TestABegunAuthorizationKeepsASelfRegisteredApp(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ctx := context.Background()
		signedIn, signedOut := g.SignedIn(t, g.User(t, "alice")), g.NewBrowser(t)
		for name, begin := range map[string]func(app testkit.App){
			"a signed-in user":                func(app testkit.App) { signedIn.Authorize(t, app) },
			"a user who must sign in first":   func(app testkit.App) { signedOut.Authorize(t, app) },
			"a request that is refused":       func(app testkit.App) { signedIn.Authorize(t, app, "response_type=x") },
			"a redirect URI of another owner": func(app testkit.App) { signedIn.Authorize(t, app, "redirect_uri=https://evil.example/cb") },
		} {
			app := selfRegistered(t, g)
			begin(app)
			_, err := g.Store.Reap(ctx, time.Now().Add(8*24*time.Hour), 100)
			require.NoError(t, err)
			_, err = g.Store.App(ctx, app.ID)
			if name == "a signed-in user" || name == "a user who must sign in first" {
				require.NoError(t, err, name)
			} else {
				require.ErrorIs(t, err, gatehouse.ErrNotFound, name)
			}
		}
	})
}
