package server

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"

	"go.opentelemetry.io/otel/trace"

	"gatehouse/internal/web"
	"gatehouse/templates"
)

// Config is what a handler is made of.
type Config struct {
	// SiteURL is where browsers reach the gateway. Its path, without a slash at
	// the end, is the base path of every endpoint.
	SiteURL *url.URL
	// TrustedProxies are the peers whose X-Forwarded-For and X-Forwarded-Proto
	// are believed. From anybody else these headers are ignored.
	TrustedProxies []netip.Prefix
	// Routes are the tables of all packages, in the order in which they are tried.
	Routes []web.Route
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
	versionID string
	origins   *http.CrossOriginProtection
	routes    routeTable
}

// New puts the routes behind the middleware.
func New(c Config) (http.Handler, error) {
	s := &site{Config: c, versionID: versionID(c)}
	var err error
	if s.origins, err = newCrossOriginProtection(c.SiteURL); err != nil {
		return nil, err
	}
	basePath := c.SiteURL.Path
	if s.routes, err = newRouteTable(basePath, append(s.ownRoutes(basePath), c.Routes...)); err != nil {
		return nil, err
	}
	var handlers http.Handler = http.HandlerFunc(s.dispatch)
	if c.RenewCookies != nil {
		handlers = c.RenewCookies(handlers)
	}
	return s.middleware(handlers), nil
}

// ownRoutes are the routes that belong to no other package.
func (s *site) ownRoutes(basePath string) []web.Route {
	health := web.Policy{Errors: web.ContractErrors, Health: true}
	routes := []web.Route{
		{Method: http.MethodGet, Path: "/healthz", AtRoot: true, Handler: http.HandlerFunc(s.healthz), Policy: health},
		{Method: http.MethodGet, Path: "/readyz", AtRoot: true, Handler: http.HandlerFunc(s.readyz), Policy: health},
		{Method: http.MethodGet, Path: "/static/", Prefix: true, Handler: s.Renderer.Static()},
	}
	if basePath != "" { // Users type the base path without its slash.
		toStart := http.RedirectHandler(basePath+"/", http.StatusPermanentRedirect)
		routes = append(routes, web.Route{Method: http.MethodGet, Path: basePath, AtRoot: true, Handler: toStart})
	}
	return routes
}
