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

// pages holds the parsed templates, one set per page.
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

// render writes a page, or a bare 500 when it does not execute: never half a page.
func (p *pages) render(w http.ResponseWriter, status int, name string, data any) {
	var page bytes.Buffer
	if err := p.byName[name].Execute(&page, data); err != nil {
		http.Error(w, "This page could not be shown: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // the browser left
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

// refused shows an answer that is not taken into the run.
func (p *pages) refused(w http.ResponseWriter, t *trial, a *answer) {
	m := newMasker(append(append(t.run.secrets(), a.secrets()...), t.scenario.ClientSecret)...)
	p.render(w, http.StatusBadRequest, "refused", struct {
		frame
		Scenario scenarioView
		Answer   *answerView
	}{t.h.frame("An answer that was not asked for", t.endpoints), t.h.scenarioView(t.scenario), a.view(m)})
}

// fragment is the one page with a script: only the browser sees the fragment.
func (p *pages) fragment(w http.ResponseWriter, t *trial) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	p.render(w, http.StatusOK, "fragment", struct {
		frame
		Scenario scenarioView
	}{t.h.frame("The answer is in the fragment", t.endpoints), t.h.scenarioView(t.scenario)})
}

func (h *handler) notFound(w http.ResponseWriter, r *http.Request) {
	h.pages.render(w, http.StatusNotFound, "message", struct {
		frame
		Message string
	}{h.frame("Nothing here", endpoints{}), "This client has no page at this address. If a server sent you here with an answer, it went to a redirect URI that it should not have accepted."})
}
