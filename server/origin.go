package server

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/internal/web"
)

// newCrossOriginProtection trusts our own origin by name, so that it also works
// behind a proxy that changes the Host header.
func newCrossOriginProtection(siteURL *url.URL) (*http.CrossOriginProtection, error) {
	// As browsers spell origins: in lower case, without the scheme's own port (RFC 6454 §6.2).
	host := strings.ToLower(siteURL.Host)
	if port := map[string]string{"http": ":80", "https": ":443"}[siteURL.Scheme]; port != "" {
		host = strings.TrimSuffix(host, port)
	}
	p := http.NewCrossOriginProtection()
	if err := p.AddTrustedOrigin(siteURL.Scheme + "://" + host); err != nil {
		return nil, fmt.Errorf("server: the site URL as an origin: %w", err)
	}
	return p, nil
}

// sameOrigin refuses a request that changes something and that a page of another site
// made a browser send, unless the policy of the route allows it.
func (s *site) sameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !exchangeOf(r).policy.CrossSite {
			if err := s.origins.Check(r); err != nil {
				s.refuse(w, r, &web.Error{
					Status: http.StatusForbidden, ID: "api.context.cross_origin.app_error",
					Message: "This request came from a page of another site, so it was not carried out. Please go to the page of this site and do it there.",
					Cause:   err,
				})
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
