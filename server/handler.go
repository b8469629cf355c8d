package server

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"

	"gatehouse/internal/web"
	"gatehouse/templates"
)

// HandlerConfig configures the handler of all requests.
type HandlerConfig struct {
	// SiteURL is the URL at which browsers reach the gateway. Its path, without a slash
	// at the end, is the base path of every endpoint.
	SiteURL *url.URL
	// TrustedProxies are the peers whose X-Forwarded-For and X-Forwarded-Proto are
	// accepted. These headers of other peers are ignored.
	TrustedProxies []netip.Prefix
	// Routes are the tables of all packages. Routes are tried in this order.
	Routes []web.Route
	// Version and Build are shown in X-Version-Id.
	Version, Build string
	// Ready returns an error if the database does not answer or is not migrated. The
	// error is logged.
	Ready func(ctx context.Context) error
	// RenewCookies wraps the handlers of all routes (account.Authenticator.RenewCookies); may be nil.
	RenewCookies func(next http.Handler) http.Handler
	Renderer     *templates.Renderer
	Metrics      *Metrics             // may be nil
	Tracers      trace.TracerProvider // may be nil
	Log          *slog.Logger
}

// site is the handler of all requests: the middleware and the routes.
type site struct {
	https          bool   // the site URL is https
	siteURL        string // for users
	host           string // the host of the site URL, without its port, see hostName
	trustedProxies []netip.Prefix
	warnedOfProxy  atomic.Bool // see warnOfIgnoredProxy
	routes         routeTable
	versionID      string
	ready          func(ctx context.Context) error
	origins        *http.CrossOriginProtection
	renderer       *templates.Renderer
	metrics        *Metrics
	tracers        trace.TracerProvider
	log            *slog.Logger
}

// NewHandler returns the routes behind the middleware. It returns an error if a route
// cannot be mounted or the site URL is not an origin.
func NewHandler(c HandlerConfig) (http.Handler, error) {
	s := &site{
		https: c.SiteURL.Scheme == "https", trustedProxies: c.TrustedProxies, versionID: versionID(c),
		ready: c.Ready, renderer: c.Renderer, metrics: c.Metrics, tracers: c.Tracers, log: c.Log,
	}
	s.siteURL = c.SiteURL.String()
	s.host, _ = hostName(c.SiteURL.Host)
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

// ownRoutes returns the routes of this package.
func (s *site) ownRoutes(basePath string) []web.Route {
	health := web.Policy{Errors: web.ContractErrors, Health: true}
	routes := []web.Route{
		{Method: http.MethodGet, Path: "/healthz", AtRoot: true, Handler: http.HandlerFunc(s.healthz), Policy: health},
		{Method: http.MethodGet, Path: "/readyz", AtRoot: true, Handler: http.HandlerFunc(s.readyz), Policy: health},
		{Method: http.MethodGet, Path: "/static/", Prefix: true, Handler: s.renderer.Static()},
	}
	if basePath != "" { // Users type the base path without a slash at the end.
		toStart := http.RedirectHandler(basePath+"/", http.StatusPermanentRedirect)
		routes = append(routes, web.Route{Method: http.MethodGet, Path: basePath, AtRoot: true, Handler: toStart})
	}
	return routes
}
