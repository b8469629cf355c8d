package server

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"gatehouse/internal/web"
)

// Each package declares its endpoints in a table of web.Route. A request is matched
// with these tables once, before the middleware that depends on the policy of its
// route:
//
//	request ─▶ matchRoute ─▶ trace, log, error format, URI limit, CORS, cross-origin protection ─▶ dispatch ─▶ handler
//	               │
//	               ├─ a route takes the method and the path     ─▶ its policy
//	               ├─ routes take the path only (405)           ─▶ the policy of the first of them
//	               ├─ the path is a misspelled path of a route  ─▶ the policy of that route (404)
//	               ├─ a route without a handler covers the path ─▶ its policy (404)
//	               └─ otherwise                                 ─▶ the policy of a page (404)
//
// Routes are tried in the order of the tables.

// exchange is a request and its response as the middleware sees them. It wraps the
// response to record how it ends.
type exchange struct {
	http.ResponseWriter // set by accessLog

	endpoint *endpoint // nil if no route takes the request
	vars     map[string]string
	policy   web.Policy

	route  string // the template of the route whose handler was called, or unmatched
	status int    // 0 before the response begins
	bytes  int64
}

type exchangeKey struct{}

func exchangeOf(r *http.Request) *exchange {
	e, _ := r.Context().Value(exchangeKey{}).(*exchange)
	return e
}

// endpoint is a route that was mounted.
type endpoint struct {
	web.Route
	template string // of the whole path: "/sso/api/v4/users/{user_id}"
}

// ServeHTTP lets mux return an endpoint as the handler of a match.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.Handler.ServeHTTP(w, r) }

// routeTable finds the endpoint for a request.
type routeTable struct {
	basePath string
	byMethod *mux.Router // by method and path
	byPath   *mux.Router // by path alone, for the policy of requests that no route takes
}

// newRouteTable mounts the routes. Paths are not cleaned: plainPath refuses the paths
// that would need it, and mux would redirect them to another route.
func newRouteTable(basePath string, routes []web.Route) (routeTable, error) {
	t := routeTable{basePath: basePath, byMethod: mux.NewRouter().SkipClean(true), byPath: mux.NewRouter().SkipClean(true)}
	for _, route := range routes {
		if route.AtRoot {
			if err := t.mount(t.byMethod, t.byPath, route); err != nil {
				return routeTable{}, err
			}
		}
	}
	byMethod, byPath := t.byMethod, t.byPath
	if basePath != "" {
		byMethod, byPath = byMethod.PathPrefix(basePath).Subrouter(), byPath.PathPrefix(basePath).Subrouter()
	}
	for _, route := range routes {
		if !route.AtRoot && route.Handler != nil {
			if err := t.mount(byMethod, byPath, route); err != nil {
				return routeTable{}, err
			}
		}
	}
	for _, route := range routes {
		if route.Handler == nil {
			route.MountPath(byPath, &endpoint{Route: route})
			if basePath != "" {
				route.MountPath(t.byPath, &endpoint{Route: route})
			}
		}
	}
	return t, nil
}

func (t routeTable) mount(byMethod, byPath *mux.Router, route web.Route) error {
	e := &endpoint{Route: route}
	mounted := route.Mount(byMethod, e)
	route.MountPath(byPath, e)
	var err error
	if e.template, err = mounted.GetPathTemplate(); err != nil {
		return fmt.Errorf("server: mount %s: %w", route.Path, err)
	}
	return nil
}

// endpoint returns the endpoint that takes the method and the path, and the variables
// of its path; nil if there is none. A request for HEAD goes to the endpoint for GET.
func (t routeTable) endpoint(r *http.Request, method string) (*endpoint, map[string]string) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if r.Method != method {
		r = r.WithContext(r.Context()) // a copy; mux only reads it
		r.Method = method
	}
	var match mux.RouteMatch
	if !t.byMethod.Match(r, &match) || match.MatchErr != nil {
		return nil, nil
	}
	e, _ := match.Handler.(*endpoint)
	return e, match.Vars
}

// policy returns the policy for a request that no endpoint takes. A misspelled path, see
// respell, has the policy of the correct one, so that a client of a protocol endpoint
// gets the 404 in the error format that it can read.
func (t routeTable) policy(r *http.Request) web.Policy {
	e := t.byPathOnly(r)
	if e != nil && e.Handler != nil {
		return e.Policy
	}
	if correct, _ := t.respell(r); correct != nil {
		return correct.Policy
	}
	if e != nil {
		return e.Policy
	}
	return web.Policy{}
}

// byPathOnly returns the first endpoint for the path of the request, with any method, or
// the route without a handler that covers it; nil if there is neither.
func (t routeTable) byPathOnly(r *http.Request) *endpoint {
	var match mux.RouteMatch
	if !t.byPath.Match(r, &match) || match.MatchErr != nil {
		return nil
	}
	e, _ := match.Handler.(*endpoint)
	return e
}

// allowedMethods lists the methods that the path takes; "" if no route takes it. It
// does not use the answer of mux, which forgets a method that did not match below a
// base path.
func (t routeTable) allowedMethods(r *http.Request) string {
	var allowed string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if e, _ := t.endpoint(r, method); e == nil {
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

// matchRoute starts the exchange: it finds the endpoint of the request and its policy.
func (s *site) matchRoute(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := &exchange{ResponseWriter: w, route: unmatched}
		if e.endpoint, e.vars = s.routes.endpoint(r, r.Method); e.endpoint != nil {
			e.policy = e.endpoint.Policy
		} else {
			e.policy = s.routes.policy(r)
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, e)))
	})
}

// dispatch calls the handler that matchRoute found.
func (s *site) dispatch(w http.ResponseWriter, r *http.Request) {
	e := exchangeOf(r)
	if e.endpoint == nil {
		s.refuseUnmatched(w, r)
		return
	}
	e.route = e.endpoint.template
	if len(e.vars) > 0 {
		r = mux.SetURLVars(r, e.vars)
	}
	e.endpoint.Handler.ServeHTTP(w, r)
}

// refuseUnmatched answers 404 for a path that no route takes, and 405 for a method
// that the path does not take, with the methods that it takes (RFC 9110 §15.5.6).
func (s *site) refuseUnmatched(w http.ResponseWriter, r *http.Request) {
	allowed := s.routes.allowedMethods(r)
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
	message := "There is nothing at this address. Please check the link, or go to the start page."
	if correct, path := s.routes.respell(r); correct != nil {
		message = fmt.Sprintf("There is nothing at this address. Use the path %s exactly as it is written here.", path)
		if strings.TrimRight(r.URL.EscapedPath(), "/") == path {
			message = fmt.Sprintf("There is nothing at this address. Remove the slash at the end: the path is %s.", path)
		}
	}
	s.refuse(w, r, &web.Error{Status: http.StatusNotFound, ID: "api.context.404.app_error", Message: message})
}
