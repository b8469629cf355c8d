package templates

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
)

//go:embed html
var htmlFiles embed.FS

// Site is what every page must know about where it is served.
type Site struct {
	// BasePath is "" or "/sso": the prefix of every link.
	BasePath string
}

// Renderer renders pages. It is safe for concurrent use.
type Renderer struct {
	site   Site
	static *static
	pages  map[string]*template.Template // by Page.template()
}

// New parses every template once. An error means that the binary is broken.
func New(site Site) (*Renderer, error) {
	assets, err := loadStatic(site.BasePath)
	if err != nil {
		return nil, err
	}
	t := &Renderer{site: site, static: assets, pages: map[string]*template.Template{}}
	shared, err := template.New("shared").Funcs(t.functions()).ParseFS(htmlFiles, "html/shared/*.html")
	if err != nil {
		return nil, fmt.Errorf("templates: parse shared templates: %w", err)
	}
	for _, p := range allPages() {
		page, err := shared.Clone()
		if err == nil {
			_, err = page.ParseFS(htmlFiles, "html/"+p.template()+".html")
		}
		if err != nil {
			return nil, fmt.Errorf("templates: parse %s: %w", p.template(), err)
		}
		t.pages[p.template()] = page
	}
	return t, nil
}

// view is what the templates see.
type view struct {
	Frame   Frame
	Page    Page
	Section string // of the menu
	// Bare pages have no menu: their one question should be answered first.
	Bare bool
	// Narrow pages have one column of text.
	Narrow bool
}

// ShowMenu reports whether the page has the menu.
func (v view) ShowMenu() bool { return v.Frame.User != nil && !v.Bare }

func newView(f Frame, p Page) view {
	v := view{Frame: f, Page: p, Section: sectionOf(p)}
	switch p.(type) {
	case LoginPage, SetUpPage, SignedOutPage, ConsentPage, FormPostPage:
		v.Bare, v.Narrow = true, true
	case LogoutPage, ErrorPage, ConfirmPage:
		v.Bare, v.Narrow = f.User == nil, true
	}
	return v
}

// Render answers with a page: HTML, headers and status, or nothing at all and
// an error, which is a mistake in a template or a connection that is gone.
func (t *Renderer) Render(w http.ResponseWriter, status int, f Frame, p Page) error {
	page, ok := t.pages[p.template()]
	if !ok {
		return fmt.Errorf("templates: no template for %T", p)
	}
	// Into a buffer first, so that an error never sends half a page.
	var body bytes.Buffer
	if err := page.ExecuteTemplate(&body, "layout", newView(f, p)); err != nil {
		return fmt.Errorf("templates: render %s: %w", p.template(), err)
	}
	setHeaders(w.Header(), f, p)
	w.WriteHeader(status)
	if _, err := body.WriteTo(w); err != nil {
		return fmt.Errorf("templates: send %s: %w", p.template(), err)
	}
	return nil
}

// Static serves /static/…, with or without the base path before it.
func (t *Renderer) Static() http.Handler { return t.static }
