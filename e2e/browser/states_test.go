package browser_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/e2e/browser/drive"
	"gatehouse/templates"
	"gatehouse/templates/fixtures"
)

// picture is an icon.
const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="#f2b705"/></svg>`

// serveStates serves every page in every state as the storybook does. The icons are
// on the same host.
func serveStates(t *testing.T) (address string) {
	t.Helper()
	renderer, err := templates.New(templates.Site{})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /static/", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/static/form-post") {
			w.Header().Set("Content-Type", "text/javascript") // empty; otherwise it would leave the page at once
			return
		}
		renderer.Static().ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /icon.svg", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/svg+xml")
		_, _ = w.Write([]byte(picture)) // it fails only if the browser has closed the connection
	})
	for _, f := range fixtures.All() {
		mux.HandleFunc("GET /page/"+f.Name, func(w http.ResponseWriter, r *http.Request) {
			page := httptest.NewRecorder()
			if err := renderer.Render(page, f.Status, f.Frame, f.Page); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			for name, values := range page.Header() {
				w.Header()[name] = values
			}
			w.WriteHeader(page.Code)
			_, _ = w.Write(bytes.ReplaceAll(page.Body.Bytes(), []byte(fixtures.IconHost), []byte("http://"+r.Host))) // as above
		})
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestEveryStateOfEveryPageIsAccessible(t *testing.T) {
	t.Parallel()
	address := serveStates(t)
	all := fixtures.All()
	states := make(chan fixtures.Fixture, len(all))
	for _, f := range all {
		states <- f
	}
	close(states)
	for _, name := range []string{"one tab", "another tab"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab := chromium.Tab(t, drive.Options{Site: address})
			for f := range states {
				tab.Open(address + "/page/" + f.Name)
				require.Equal(t, f.Status, tab.Status(), f.Name)
				inspect(t, tab, f.Name)
			}
		})
	}
}
