package testkit

import (
	"net/http"

	"github.com/gorilla/mux"

	"gatehouse/internal/web"
)

// Serve serves the routes of one package below a base path, without the middleware of
// package server.
func Serve(basePath string, routes []web.Route) http.Handler {
	router := mux.NewRouter()
	below := router
	if basePath != "" {
		below = router.PathPrefix(basePath).Subrouter()
	}
	for _, route := range routes {
		if route.Handler != nil {
			route.Mount(below, route.Handler)
		}
	}
	return router
}
