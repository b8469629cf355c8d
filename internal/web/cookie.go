package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
)

// CookieName returns the name of a cookie that belongs to one site: name with a hash of
// the site URL. Browsers do not separate cookies by port (RFC 6265 §8.5), so another
// gateway on the same host would overwrite a cookie of the same name.
//
// If the site URL is https, the name has a prefix that keeps other hosts of the domain
// and pages without TLS from setting the cookie: __Host-, or __Secure- if the site has a
// base path (RFC 6265bis §4.1.3).
func CookieName(site *url.URL, name string) string {
	if site.Scheme == "https" && site.Path == "" {
		return "__Host-" + ofSite(site, name)
	}
	return pathCookieName(site, name)
}

// pathCookieName is CookieName for a cookie that is limited to a path, which __Host- does
// not allow.
func pathCookieName(site *url.URL, name string) string {
	if site.Scheme == "https" {
		return "__Secure-" + ofSite(site, name)
	}
	return ofSite(site, name)
}

func ofSite(site *url.URL, name string) string {
	sum := sha256.Sum256([]byte(site.String()))
	return name + "_" + hex.EncodeToString(sum[:4])
}
