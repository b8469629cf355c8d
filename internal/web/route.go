package web

import (
	"net/http"

	"github.com/gorilla/mux"
)

// Route is one line of the table in which a package declares its endpoints: where
// the endpoint is mounted, what serves it, and its Policy. Package server mounts the
// tables of all packages, and names no path of another package.
type Route struct {
	// Method is the method that the endpoint takes. An endpoint that takes GET takes HEAD too.
	Method string
	// Path is a template of gorilla/mux below the base path, such as "/api/v4/users/{user_id}".
	Path string
	// Handler serves the endpoint. A route without a Handler and without a Method serves
	// nothing: it gives its Policy to the requests for its Path that no other route takes,
	// at the root of the host too.
	Handler http.Handler
	// Matches limits the route to the requests for which it returns true; nil: no limit.
	Matches func(r *http.Request) bool
	// Prefix makes the route take every path that begins with Path.
	Prefix bool
	// AtRoot mounts the route at the root of the host instead of below the base path.
	AtRoot bool
	Policy Policy
}

// Policy is what the middleware must know of an endpoint before it is called. The
// zero value is the policy of a page.
type Policy struct {
	// Errors is how the middleware reports an error.
	Errors ErrorFormat
	// MaxURI is the longest path and query that the endpoint takes, in bytes; 0: the
	// limit of the error format, see URILimit.
	MaxURI int
	// CORS is the method by which pages of other origins may call the endpoint and read
	// the answer, without cookies (Fetch standard §3.2); "": they may not.
	CORS string
	// CrossSite lets pages of other sites make a browser send the request, with its
	// cookies. It is for endpoints that ignore cookies or change nothing.
	CrossSite bool
	// Health marks the health checks. They are logged at the level debug and not traced,
	// since they come every few seconds.
	Health bool
}

// ErrorFormat is the form in which an endpoint reports an error.
type ErrorFormat int

// The error formats.
const (
	PageErrors     ErrorFormat = iota // the error page
	ContractErrors                    // the contract's AppError (C 1.1)
	OAuthErrors                       // RFC 6749 §5.2 and the contract's AppError in one object
)

// The longest path and query of a request, in bytes.
const (
	maxAPIURI = 2048 // C 1.1
	// MaxPageURI has room for an authorization request with its state and resource
	// (C 1.1, "Consequence").
	MaxPageURI = 16384
)

// URILimit returns the longest path and query that the endpoint takes, in bytes.
func (p Policy) URILimit() int {
	switch {
	case p.MaxURI != 0:
		return p.MaxURI
	case p.Errors == PageErrors:
		return MaxPageURI
	default:
		return maxAPIURI
	}
}

// OAuthPolicy is the policy of the endpoints that clients call with their own
// credentials. Cookies have no effect there, so pages of other origins may call them.
func OAuthPolicy() Policy { return Policy{Errors: OAuthErrors, CORS: http.MethodPost, CrossSite: true} }

// MetadataPolicy is the policy of public documents in JSON.
func MetadataPolicy() Policy { return Policy{Errors: ContractErrors, CORS: http.MethodGet} }

// APIPolicy is the policy of the contract's JSON endpoints.
func APIPolicy() Policy { return Policy{Errors: ContractErrors} }

// Mount adds the route to a router and lets handler serve it. It returns what mux
// made of the route.
func (route Route) Mount(router *mux.Router, handler http.Handler) *mux.Route {
	added := route.MountPath(router, handler).Methods(route.Method)
	if route.Matches != nil {
		// mux calls matchers for other methods too.
		added.MatcherFunc(func(r *http.Request, _ *mux.RouteMatch) bool { return r.Method == route.Method && route.Matches(r) })
	}
	return added
}

// MountPath adds the route to a router for every method and request.
func (route Route) MountPath(router *mux.Router, handler http.Handler) *mux.Route {
	if route.Prefix {
		return router.PathPrefix(route.Path).Handler(handler)
	}
	return router.Handle(route.Path, handler)
}
