package doctor

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse"
)

// Config configures Run.
type Config struct {
	Timeout        time.Duration // for all checks; 0 means a minute
	RequestTimeout time.Duration // for one request; 0 means a sixth of Timeout
	// Proxy returns the proxy for a request; nil means that there is none.
	Proxy func(*http.Request) (*url.URL, error)
	// Dial connects to an address; nil means that the system does.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Roots are the authorities that clients trust; nil means those of the system.
	Roots *x509.CertPool
}

// examination is one run of the checks of a server.
type examination struct {
	*Checklist
	client *client
	roots  *x509.CertPool
	issuer *url.URL // the URL that was asked, without a slash at its end
	asked  string   // the URL exactly as it was asked
}

// Run checks the server whose issuer is target, which must be an http or https URL with a
// host and without user, query and fragment. It never returns an error: a server that
// cannot be reached is a finding. It ends when ctx ends, or after the timeouts of c.
func Run(ctx context.Context, c Config, target *url.URL) Report {
	if c.Timeout == 0 {
		c.Timeout = time.Minute
	}
	if c.RequestTimeout == 0 {
		c.RequestTimeout = c.Timeout / 6
	}
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	issuer := *target
	issuer.Path, issuer.RawPath = strings.TrimRight(target.Path, "/"), ""
	e := &examination{Checklist: NewChecklist(Rules()), client: newClient(c), roots: c.Roots, issuer: &issuer, asked: target.String()}
	defer e.client.close()
	e.examine(ctx)
	return e.Report(e.asked)
}

// examine makes the checks in the order in which a client would notice a problem.
func (e *examination) examine(ctx context.Context) {
	first, failed := e.client.get(ctx, e.wellKnown(oauthPath), acceptJSON())
	if failed != nil && failed.rule != answerTime && failed.rule != answerSize {
		e.fail(failed)
		return
	}
	if failed == nil {
		e.checkConnection(ctx, first)
	}
	found := e.findMetadata(ctx, first, failed)
	if len(found) == 0 {
		return
	}
	e.checkMetadataHeaders(ctx, found[0])
	m := e.merge(found)
	e.checkIssuer(m)
	e.checkMembers(found)
	e.checkCapabilities(m)
	endpoints := e.checkEndpoints(m)
	e.checkAuthorize(ctx, endpoints["authorization_endpoint"])
	e.checkSignInPage(ctx)
	e.checkToken(ctx, endpoints["token_endpoint"])
	e.checkUserinfo(ctx, endpoints["userinfo_endpoint"])
	e.checkRegistration(ctx, endpoints["registration_endpoint"])
	e.checkKeys(ctx, m, endpoints["jwks_uri"])
	e.checkResource(ctx, m)
}

// fail adds the finding of a request without an answer. After the time for all checks has
// ended, only the first one counts.
func (e *examination) fail(f *failure) {
	for _, known := range e.findings {
		if known.ID == f.rule && known.Found == f.found || f.rule == answerTime && known.ID == answerTime {
			return
		}
	}
	e.Broken(f.rule, "%s", f.found)
}

// isLocal reports whether a host is this computer or on a private network.
func isLocal(host string) bool {
	return gatehouse.ReachOf(strings.ToLower(host)) != gatehouse.ReachPublic
}

// isLoopback reports whether a host is this computer.
func isLoopback(host string) bool {
	return gatehouse.ReachOf(strings.ToLower(host)) == gatehouse.ReachLoopback
}

// sameOrigin reports whether two URLs have the same scheme, host and port.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

// port returns the port of a URL, which the scheme implies if it is missing.
func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
