package server

import (
	"context"
	"net/http"
	"time"
)

// requestTimeout is how long a request may wait for the database. One that has
// gone silent without closing its connections (a paused machine, a network that
// drops packets) would otherwise hold requests until their callers are gone, and
// nobody would be told to try again.
const requestTimeout = 10 * time.Second

// deadline ends the context of a request in time for a 503 to be written (see
// WriteTimeout in newHTTPServer): the store says gatehouse.ErrUnavailable then.
func deadline(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
