package server

import (
	"context"
	"net/http"
	"time"

	"gatehouse/internal/web"
)

const (
	maxBody        = 300000 + 512 // bytes (C 1.1)
	maxHeaderBytes = 80 << 10     // room for the longest URI that a route takes, and for the other headers

	// requestTimeout is how long a request may wait for the database. A database that
	// stops answering without closing its connections (a paused machine, a network that
	// drops packets) would otherwise hold requests until the clients give up, and no
	// client would be asked to try again.
	requestTimeout = 10 * time.Second
)

// limitSize refuses a URI that is longer than the route takes, and stops reading a body
// at maxBody.
func (s *site) limitSize(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.RequestURI) > exchangeOf(r).policy.URILimit() {
			s.refuse(w, r, &web.Error{
				Status: http.StatusRequestURITooLong, ID: "basic_security_check.url.too_long_error",
				Message: "The URL is too long. Shorten its parameters.",
			})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// limitTime ends the context of a request early enough for the answer 503 to be written
// (see WriteTimeout in newHTTPServer). The store then returns gatehouse.ErrUnavailable.
func limitTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
