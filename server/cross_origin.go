package server

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/internal/web"
)

// newCrossOriginProtection trusts the origin of the site URL by name, so that it also
// works behind a proxy that changes the Host header.
func newCrossOriginProtection(siteURL *url.URL) (*http.CrossOriginProtection, error) {
	// Browsers write an origin in lower case and without the default port of its scheme (RFC 6454 §6.2).
	host := strings.ToLower(siteURL.Host)
	if port := map[string]string{"http": ":80", "https": ":443"}[siteURL.Scheme]; port != "" {
		host = strings.TrimSuffix(host, port)
	}
	p := http.NewCrossOriginProtection()
	if err := p.AddTrustedOrigin(siteURL.Scheme + "://" + host); err != nil {
		return nil, fmt.Errorf("server: site URL as an origin: %w", err)
	}
	return p, nil
}

// sameOrigin refuses a request that may change something and that a page of another
// site made a browser send, unless the policy of the route allows it.
func (s *site) sameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !exchangeOf(r).policy.CrossSite {
			if err := s.origins.Check(r); err != nil {
				s.refuse(w, r, &web.Error{
					Status: http.StatusForbidden, ID: "api.context.cross_origin.app_error",
					Message: "This request came from a page of another site, so it was not carried out. Open the page on this site and try again.",
					Cause:   err,
				})
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// cors lets pages of other origins call the routes whose policy allows it: those that
// a public client in a browser needs (Fetch standard §3.2). It never allows cookies with
// such a request, so a page of another origin reads nothing that depends on a cookie.
func (s *site) cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := exchangeOf(r).policy.CORS
		if method == "" {
			next.ServeHTTP(w, r)
			return
		}
		// The answer is the same for every origin, because a cache may give it to another one.
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Expose-Headers", "ETag, Retry-After, WWW-Authenticate, X-Request-ID")
		if r.Method != http.MethodOptions || r.Header.Get("Origin") == "" || r.Header.Get("Access-Control-Request-Method") == "" {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Access-Control-Allow-Methods", method)
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-None-Match, MCP-Protocol-Version, X-Requested-With")
		w.Header().Set("Access-Control-Max-Age", "7200")
		w.WriteHeader(http.StatusNoContent)
	})
}
