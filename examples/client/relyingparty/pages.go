package relyingparty

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
)

//go:embed pages/*.html
var pageFiles embed.FS

//go:embed static/style.css static/fragment.js
var staticFiles embed.FS

// pages contains the parsed templates, one set for each page.
type pages struct{ byName map[string]*template.Template }

func parsePages() (*pages, error) {
	p := &pages{byName: map[string]*template.Template{}}
	for _, name := range []string{"index", "run", "refused", "fragment", "message"} {
		t, err := template.New("layout.html").ParseFS(pageFiles, "pages/layout.html", "pages/parts.html", "pages/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("relying party: parse page %s: %w", name, err)
		}
		p.byName[name] = t
	}
	return p, nil
}

// render writes a page. If the template fails, it writes a plain 500 instead of half a page.
func (p *pages) render(w http.ResponseWriter, status int, name string, data any) {
	var page bytes.Buffer
	if err := p.byName[name].Execute(&page, data); err != nil {
		http.Error(w, "The page could not be rendered: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // fails only if the connection is closed
}

func (p *pages) serveStatic(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, staticFiles, r.URL.Path)
}

func (h *handler) index(w http.ResponseWriter, r *http.Request) {
	page := indexPage{frame: h.frame("Sample client", h.discovery.endpoints(r.Context()))}
	for _, s := range h.config.Scenarios {
		page.Scenarios = append(page.Scenarios, h.scenarioView(s))
	}
	h.pages.render(w, http.StatusOK, "index", page)
}

func (h *handler) inspect(w http.ResponseWriter, r *http.Request) {
	h.withTrial(w, r, func(t *trial) {
		h.pages.render(w, http.StatusOK, "run", t.view())
	})
}

// refused shows a response that does not belong to the run.
func (p *pages) refused(w http.ResponseWriter, t *trial, a *answer) {
	m := newMasker(append(append(t.run.secrets(), a.secrets()...), t.scenario.ClientSecret)...)
	p.render(w, http.StatusBadRequest, "refused", struct {
		frame
		Scenario scenarioView
		Answer   *answerView
	}{t.h.frame("This response doesn't belong to the run", t.endpoints), t.h.scenarioView(t.scenario), a.view(m)})
}

// fragment renders the only page with a script. It reads the URL fragment, which only the
// browser sees.
func (p *pages) fragment(w http.ResponseWriter, t *trial) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	p.render(w, http.StatusOK, "fragment", struct {
		frame
		Scenario scenarioView
	}{t.h.frame("The response is in the fragment", t.endpoints), t.h.scenarioView(t.scenario)})
}

func (h *handler) notFound(w http.ResponseWriter, r *http.Request) {
	h.pages.render(w, http.StatusNotFound, "message", struct {
		frame
		Message string
	}{h.frame("Page not found", endpoints{}), "This client has no page at this address. If an authorization server redirected you to this page, it accepted a redirect URI that is not registered."})
}
