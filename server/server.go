package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/gorilla/mux"
	"go.opentelemetry.io/otel/trace"

	"gatehouse/internal/web"
	"gatehouse/templates"
)

// Registrar adds its endpoints to a router that is below the base path.
type Registrar interface {
	Register(r *mux.Router)
}

// RootRegistrar has endpoints whose place is fixed on the host, whatever the
// base path is.
type RootRegistrar interface {
	RegisterAtRoot(r *mux.Router)
}

// Config is what a handler is made of.
type Config struct {
	// SiteURL is where browsers reach the gateway. Its path, without a slash at
	// the end, is the base path of every endpoint.
	SiteURL *url.URL
	// TrustedProxies are the peers whose X-Forwarded-For and X-Forwarded-Proto
	// are believed. From anybody else these headers are ignored.
	TrustedProxies []netip.Prefix
	// Version and Build name this program in X-Version-ID.
	Version, Build string
	// Ready says whether requests can be served: the database answers and is
	// migrated. Its error goes to the log.
	Ready func(ctx context.Context) error
	// RenewCookies wraps what may recognise a browser by its cookies (account.Authenticator); nil for none.
	RenewCookies func(next http.Handler) http.Handler
	Renderer     *templates.Renderer
	Metrics      *Metrics             // nil counts nothing
	Tracers      trace.TracerProvider // nil traces nothing
	Log          *slog.Logger
}

// site is the assembled gateway.
type site struct {
	Config
	basePath  string // "" or "/sso"
	versionID string
	origins   *http.CrossOriginProtection
	routes    *mux.Router
}

// New puts handlers behind the router and the middleware.
func New(c Config, handlers ...Registrar) (http.Handler, error) {
	s := &site{Config: c, basePath: c.SiteURL.Path, versionID: versionID(c)}
	var err error
	if s.origins, err = newCrossOriginProtection(c.SiteURL); err != nil {
		return nil, err
	}
	s.routes = s.router(handlers)
	if c.RenewCookies == nil {
		return s.middleware(s.routes), nil
	}
	return s.middleware(c.RenewCookies(s.routes)), nil
}

// router lists what there is. Paths are not cleaned: plainPath has refused the
// ones that would need it, and a redirect to another route would be a surprise.
func (s *site) router(handlers []Registrar) *mux.Router {
	r := mux.NewRouter().SkipClean(true)
	r.Use(noteRoute)
	r.NotFoundHandler = http.HandlerFunc(s.unmatched)
	r.MethodNotAllowedHandler = r.NotFoundHandler
	r.HandleFunc("/healthz", s.healthz).Methods(http.MethodGet)
	r.HandleFunc("/readyz", s.readyz).Methods(http.MethodGet)
	for _, h := range handlers {
		if root, ok := h.(RootRegistrar); ok {
			root.RegisterAtRoot(r)
		}
	}

	below := r
	if s.basePath != "" {
		// The base path without its slash is what people type.
		r.Handle(s.basePath, http.RedirectHandler(s.basePath+"/", http.StatusPermanentRedirect)).Methods(http.MethodGet)
		below = r.PathPrefix(s.basePath).Subrouter()
	}
	below.PathPrefix("/static/").Handler(s.Renderer.Static()).Methods(http.MethodGet)
	for _, h := range handlers {
		h.Register(below)
	}
	return r
}

// unmatched answers for paths that lead nowhere, and for those that do not take
// this method: it says which ones they take (RFC 9110 §15.5.6). mux's own word is
// not asked, since it forgets a method that did not match below a base path.
func (s *site) unmatched(w http.ResponseWriter, r *http.Request) {
	allowed := s.allowedMethods(r)
	if allowed == "" {
		s.notFound(w, r)
		return
	}
	w.Header().Set("Allow", allowed)
	s.refuse(w, r, &web.Error{
		Status: http.StatusMethodNotAllowed, ID: "api.context.405.app_error",
		Message: fmt.Sprintf("This address does not take the method %.16q. It takes: %s.", r.Method, allowed),
	})
}

func (s *site) notFound(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, &web.Error{
		Status: http.StatusNotFound, ID: "api.context.404.app_error",
		Message: "There is nothing at this address. Please check the link, or go to the start page.",
	})
}

// allowedMethods lists the methods that the path takes; "" if it leads nowhere.
func (s *site) allowedMethods(r *http.Request) string {
	var allowed string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		asked := r.Clone(r.Context())
		asked.Method = method
		var match mux.RouteMatch
		if !s.routes.Match(asked, &match) || match.MatchErr != nil {
			continue
		}
		if allowed != "" {
			allowed += ", "
		}
		allowed += method
		if method == http.MethodGet {
			allowed += ", " + http.MethodHead // see headAsGet
		}
	}
	return allowed
}
