package server

import (
	"net/http"

	"gatehouse/internal/web"
)

// The limits that hold for every request, in bytes.
const (
	maxBody        = 300000 + 512 // C 1.1
	maxHeaderBytes = 80 << 10     // room for the longest URI that a route takes, and the rest of the head
)

// limits refuses a URI that is longer than the route takes, and stops reading a body
// at maxBody.
func (s *site) limits(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.RequestURI) > exchangeOf(r).policy.URILimit() {
			s.refuse(w, r, &web.Error{
				Status: http.StatusRequestURITooLong, ID: "basic_security_check.url.too_long_error",
				Message: "The URL is too long. Please send less in it.",
			})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}
