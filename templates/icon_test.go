package templates_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/templates"
)

// Whoever registers a client can name any picture: it must not lend them a
// known logo, nor tell them who is asked for consent.
func TestAClientThatRegisteredItselfShowsNoPictureOfItsChoice(t *testing.T) {
	renderer, err := templates.New(templates.Site{})
	require.NoError(t, err)
	for registered, want := range map[bool]bool{false: true, true: false} {
		w := httptest.NewRecorder()
		app := gatehouse.App{Name: "Wiki", IconURL: "https://wiki.example.com/logo.png", IsDynamicallyRegistered: registered}
		require.NoError(t, renderer.Render(w, http.StatusOK, templates.Frame{}, templates.ConsentPage{App: app, ReceivingHost: "wiki.example.com"}))
		if want {
			require.Contains(t, w.Body.String(), app.IconURL)
		} else {
			require.NotContains(t, w.Body.String(), app.IconURL)
		}
	}
}
