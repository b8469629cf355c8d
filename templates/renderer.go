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

// Site says where the pages are served.
type Site struct {
	// BasePath is the prefix of every link: "" or, for example, "/sso".
	BasePath string
}

// Renderer renders pages. It is safe for concurrent use.
type Renderer struct {
	site   Site
	static *static
	pages  map[string]*template.Template // by Page.template()
}

// New returns a Renderer that has parsed every template. It returns an error only
// if a template or a static file of the binary is broken.
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

// view is the data of a template.
type view struct {
	Frame   Frame
	Page    Page
	Section string // the current entry of the menu
	// Bare pages have no menu, so that nothing distracts from their question.
	Bare bool
	// Narrow pages have a narrow column.
	Narrow bool
}

// ShowMenu reports whether the page has the menu.
func (v view) ShowMenu() bool { return v.Frame.User != nil && !v.Bare }

func newView(f Frame, p Page) view {
	v := view{Frame: f, Page: p, Section: sectionOf(p)}
	switch p.(type) {
	case LoginPage, SetUpPage, SignedOutPage, ConsentPage, FormPostPage, OpenAppPage:
		v.Bare, v.Narrow = true, true
	case LogoutPage, ErrorPage, ConfirmPage:
		v.Bare, v.Narrow = f.User == nil, true
	}
	return v
}

// Render writes a page with its headers and status. If a template fails, it writes
// nothing and returns an error. It also returns an error if the connection is closed.
func (t *Renderer) Render(w http.ResponseWriter, status int, f Frame, p Page) error {
	page, ok := t.pages[p.template()]
	if !ok {
		return fmt.Errorf("templates: no template for %T", p)
	}
	// The buffer prevents that an error leaves half a page.
	var body bytes.Buffer
	if err := page.ExecuteTemplate(&body, "layout", newView(f, p)); err != nil {
		return fmt.Errorf("templates: render %s: %w", p.template(), err)
	}
	setHeaders(w.Header(), p)
	w.WriteHeader(status)
	if _, err := body.WriteTo(w); err != nil {
		return fmt.Errorf("templates: send %s: %w", p.template(), err)
	}
	return nil
}

// Static serves /static/…, with or without the base path in front.
func (t *Renderer) Static() http.Handler { return t.static }
