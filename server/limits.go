package server

import (
	"net/http"
	"strings"

	"gatehouse/internal/web"
)

// How much a request may be, in bytes.
const (
	maxURI          = 2048         // path and query (C 1.1)
	maxAuthorizeURI = 16384        // of pages, and of authorization requests with their state and resource (C 1.1, "Consequence")
	maxLoginURI     = 3*16384 + 64 // the sign-in page carries an authorization request, escaped
	maxBody         = 300000 + 512 // C 1.1
	maxHeaderBytes  = 80 << 10     // the longest URI, and the rest of the head
)

// limits refuses requests that are longer than anything honest.
func (s *site) limits(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.RequestURI) > s.uriLimit(r) {
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

func (s *site) uriLimit(r *http.Request) int {
	path := strings.TrimPrefix(r.URL.Path, s.basePath)
	switch {
	case path == "/login":
		return maxLoginURI
	case path == "/oauth/authorize", s.surfaceOf(r) == surfacePage:
		return maxAuthorizeURI
	}
	return maxURI
}
