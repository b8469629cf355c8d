package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// renewalDays is how many days before its end a certificate should have been renewed. The
	// automatic renewal of the common authorities happens earlier.
	renewalDays = 14
	// maxClockDifference is what most clients tolerate.
	maxClockDifference = 60 * time.Second
)

// checkConnection judges what the first answer shows of the connection: certificate,
// clock, HSTS; and what plain http does.
func (e *examination) checkConnection(ctx context.Context, first answer) {
	e.Met(serverConnection, "%s answers.", quote(e.issuer.Host))
	if first.tls != nil {
		e.checkCertificate(first.tls)
		e.checkHSTS(first.header)
		e.checkPlainHTTP(ctx)
	}
	e.checkClock(first)
}

func (e *examination) checkCertificate(state *tls.ConnectionState) {
	e.Met(tlsHandshake, "The server speaks %s.", tls.VersionName(state.Version))
	leaf := state.PeerCertificates[0] // A client's handshake fails without a certificate of the server.
	now := time.Now()
	at := now // the chain is judged within the validity of the certificate, which has a rule of its own
	if at.After(leaf.NotAfter) {
		at = leaf.NotAfter
	} else if at.Before(leaf.NotBefore) {
		at = leaf.NotBefore
	}
	between := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		between.AddCert(c)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: e.roots, Intermediates: between, CurrentTime: at}); err != nil {
		e.Broken(tlsTrust, "The certificate of %s is not trusted: %s.", quote(e.issuer.Host), plain(err.Error()))
	} else {
		e.Met(tlsTrust, "The certificate is trusted; its issuer is %s.", quote(leaf.Issuer.String()))
	}
	if err := leaf.VerifyHostname(e.issuer.Hostname()); err != nil {
		e.Broken(tlsName, "The certificate is for another host: %s.", plain(err.Error()))
	} else {
		e.Met(tlsName, "The certificate is for %s.", quote(e.issuer.Hostname()))
	}
	days := int(math.Floor(leaf.NotAfter.Sub(now).Hours() / 24))
	switch {
	case now.After(leaf.NotAfter):
		e.Broken(tlsValidity, "The certificate expired at %s.", leaf.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(leaf.NotBefore):
		e.Broken(tlsValidity, "The certificate is valid only from %s.", leaf.NotBefore.UTC().Format(time.RFC3339))
	case days < renewalDays:
		e.Met(tlsValidity, "The certificate is valid.")
		e.Broken(tlsRenewal, "The certificate is valid for %d more days.", days)
	default:
		e.Met(tlsValidity, "The certificate is valid for %d more days.", days)
	}
}

func (e *examination) checkHSTS(h http.Header) {
	value := h.Get("Strict-Transport-Security")
	for directive := range strings.SplitSeq(value, ";") {
		name, age, _ := strings.Cut(strings.TrimSpace(directive), "=")
		seconds, err := strconv.Atoi(strings.Trim(age, `"`))
		if strings.EqualFold(name, "max-age") && err == nil && seconds > 0 {
			e.Met(httpHSTS, "Strict-Transport-Security is %s.", quote(value))
			return
		}
	}
	if value == "" {
		e.Broken(httpHSTS, "The server sends no Strict-Transport-Security, so a browser may use http first.")
	} else {
		e.Broken(httpHSTS, "Strict-Transport-Security is %s, which has no max-age above 0.", quote(value))
	}
}

// checkPlainHTTP looks at port 80, if the https URL has the default port.
func (e *examination) checkPlainHTTP(ctx context.Context) {
	if e.issuer.Port() != "" {
		return
	}
	at := &url.URL{Scheme: "http", Host: e.issuer.Host, Path: e.issuer.Path + "/"}
	a, failed := e.client.get(ctx, at.String(), nil)
	if failed != nil {
		e.Met(httpRedirect, "%s does not answer.", quote(at.String()))
		return
	}
	to, err := url.Parse(a.header.Get("Location"))
	switch {
	case !a.isRedirect():
		e.Broken(httpRedirect, "%s answers %d without encryption.", quote(at.String()), a.status)
	case err != nil || to.Scheme != "https":
		e.Broken(httpRedirect, "%s redirects to %s, which is not an https URL.", quote(at.String()), quote(a.header.Get("Location")))
	default:
		e.Met(httpRedirect, "%s redirects to %s.", quote(at.String()), quote(to.String()))
	}
}

func (e *examination) checkClock(a answer) {
	date, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		e.Met(clockDifference, "The server does not say what time it is.")
		return
	}
	ahead := date.Sub(a.at).Round(time.Second)
	switch {
	case ahead > maxClockDifference:
		e.Broken(clockDifference, "The server's clock is %d seconds ahead of the clock of this computer.", int(ahead.Seconds()))
	case ahead < -maxClockDifference:
		e.Broken(clockDifference, "The server's clock is %d seconds behind the clock of this computer.", -int(ahead.Seconds()))
	default:
		e.Met(clockDifference, "The clocks of the server and this computer differ by %d seconds.", int(ahead.Abs().Seconds()))
	}
}
