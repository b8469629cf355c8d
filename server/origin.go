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

// sameOrigin refuses what another site's page makes a browser send. Where
// cookies have no effect there is nothing to protect.
func (s *site) sameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, s.basePath)
		if !protocolEndpoint(path) && !postedAuthorizationRequest(path, r) {
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

// postedAuthorizationRequest: apps may send the browser with POST (RFC 6749
// §3.1), which is then sent on to the same request by GET. Without a query, which
// a consent form always has, nothing else can happen.
func postedAuthorizationRequest(path string, r *http.Request) bool {
	return path == "/oauth/authorize" && r.Method == http.MethodPost && r.URL.RawQuery == "" && web.SendsForm(r)
}
