package main

import (
	"crypto/tls"
	"net"
	"net/netip"
	"time"

	"gatehouse"
)

// certificateRenewalDays is how many days before its end a certificate should have been
// renewed. The automatic renewal of the common authorities happens earlier.
const certificateRenewalDays = 14

// checkPlainHTTP reports what warnPlainHTTP logs at the start.
func (e *configExamination) checkPlainHTTP() {
	site := e.cfg.SiteURL
	switch reach, ok := e.cfg.plainHTTP(); {
	case ok && reach == gatehouse.ReachPublic:
		e.Broken(configPlainHTTP, "The site URL %s is http on a public host, so every network on the way can read passwords and tokens.", site)
	case ok:
		e.Met(configPlainHTTP, "The site URL %s is http, so passwords and tokens cross the private network without encryption.", site)
	default:
		e.Met(configPlainHTTP, "The site URL is %s.", site)
	}
}

// checkListen compares the address to listen on with the site URL. Behind a proxy they
// have nothing in common.
func (e *configExamination) checkListen() {
	host, port, _ := net.SplitHostPort(e.cfg.Listen) // loadConfig has checked it
	site := e.cfg.SiteURL
	sitePort := site.Port()
	if sitePort == "" {
		sitePort = map[string]string{"http": "80", "https": "443"}[site.Scheme]
	}
	behindProxy := len(e.cfg.TrustedProxies) > 0 || site.Scheme == "https" && e.cfg.TLSCert == ""
	switch {
	case behindProxy:
		e.Met(configListen, "A proxy serves the site URL %s; the gateway listens on %s.", site, e.cfg.Listen)
	case gatehouse.ReachOf(host) == gatehouse.ReachLoopback && gatehouse.ReachOf(site.Hostname()) != gatehouse.ReachLoopback:
		e.Broken(configListen, "The gateway listens on %s, which only this computer can reach, but the site URL is %s.", e.cfg.Listen, site)
	case port != sitePort:
		e.Broken(configListen, "The gateway listens on port %s, but the site URL %s has port %s.", port, site, sitePort)
	default:
		e.Met(configListen, "The gateway listens on %s, and the site URL is %s.", e.cfg.Listen, site)
	}
}

// checkProxies judges which proxies are trusted.
func (e *configExamination) checkProxies() {
	proxies := e.cfg.TrustedProxies
	for _, p := range proxies {
		if p.Bits() == 0 {
			e.Broken(configAllProxies, "GATEHOUSE_TRUSTED_PROXIES has %s, so every client can choose the address from which it comes, and attempts are not limited.", p)
		}
	}
	if !e.IsBroken(configAllProxies) {
		e.Met(configAllProxies, "Not every address is a trusted proxy.")
	}
	switch {
	case len(proxies) > 0:
		e.Met(configProxies, "The trusted proxies are %s.", listPrefixes(proxies))
	case e.cfg.SiteURL.Scheme == "https" && e.cfg.TLSCert == "":
		e.Broken(configProxies, "The site URL is https, but the gateway has no certificate and trusts no proxy. If a proxy passes the requests on, all users seem to come from its address.")
	default:
		e.Met(configProxies, "The gateway needs no proxy.")
	}
}

func listPrefixes(list []netip.Prefix) string {
	text := ""
	for i, p := range list {
		if i > 0 {
			text += ", "
		}
		text += p.String()
	}
	return text
}

// checkCertificate judges the certificate that the gateway would serve.
func (e *configExamination) checkCertificate() {
	if e.cfg.TLSCert == "" {
		e.Met(configCertValidity, "The gateway serves no TLS itself.")
		return
	}
	pair, err := tls.LoadX509KeyPair(e.cfg.TLSCert, e.cfg.TLSKey)
	if err != nil { // loadConfig could load it a moment before
		e.Broken(configCertValidity, "The certificate cannot be used: %v.", err)
		return
	}
	host := e.cfg.SiteURL.Hostname()
	if err := pair.Leaf.VerifyHostname(host); err != nil {
		e.Broken(configCertName, "The certificate in %s is not for the host of the site URL: %v.", e.cfg.TLSCert, err)
	} else {
		e.Met(configCertName, "The certificate is for %s.", host)
	}
	now := time.Now()
	days := int(pair.Leaf.NotAfter.Sub(now).Hours() / 24)
	switch {
	case now.Before(pair.Leaf.NotBefore) || now.After(pair.Leaf.NotAfter):
		e.Broken(configCertValidity, "The certificate is valid from %s to %s, which is not now.", pair.Leaf.NotBefore.UTC().Format(time.RFC3339), pair.Leaf.NotAfter.UTC().Format(time.RFC3339))
	case days < certificateRenewalDays:
		e.Met(configCertValidity, "The certificate is valid.")
		e.Broken(configCertRenewal, "The certificate is valid for %d more days.", days)
	default:
		e.Met(configCertValidity, "The certificate is valid for %d more days.", days)
	}
}
