package relyingparty

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	discoveryTimeout = 3 * time.Second
	// discoveryKept is how long metadata are cached. discoveryFailedKept is how long a failure
	// is cached, so that one page does not send the request twice.
	discoveryKept       = time.Minute
	discoveryFailedKept = 2 * time.Second
)

// endpoints are the URLs of the server and their source.
type endpoints struct {
	Authorize, Token, Me string
	// UserInfo, KeySet and EndSession are those of OpenID Connect; empty if no app uses it or
	// the server does not offer it.
	UserInfo, KeySet, EndSession string

	MetadataURL string // the URL of the metadata; empty if they were not read
	Note        string // why they were not read
	Unreachable bool   // the server did not respond
	// PromisesIss means that the server always sends iss, so that the client refuses a
	// response without it (RFC 9207 §2.4).
	PromisesIss bool
}

// metadata are the members of RFC 8414 §2 that the client uses.
type metadata struct {
	Issuer      string `json:"issuer"`
	Authorize   string `json:"authorization_endpoint"`
	Token       string `json:"token_endpoint"`
	PromisesIss bool   `json:"authorization_response_iss_parameter_supported"`
}

// openIDMetadata are the members of OpenID Connect Discovery §3 that the client uses.
type openIDMetadata struct {
	Issuer     string `json:"issuer"`
	UserInfo   string `json:"userinfo_endpoint"`
	KeySet     string `json:"jwks_uri"`
	EndSession string `json:"end_session_endpoint"`
}

// discovery finds the endpoints and caches them.
type discovery struct {
	config Config
	client *http.Client

	mu      sync.Mutex
	known   endpoints
	expires time.Time
}

func newDiscovery(c Config) *discovery {
	return &discovery{config: c, client: &http.Client{Transport: c.Transport, Timeout: discoveryTimeout}}
}

// endpoints returns the endpoints. It can't fail: without metadata it returns the configured
// and the default endpoints, and Note says why.
func (d *discovery) endpoints(ctx context.Context) endpoints {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Now().Before(d.expires) {
		return d.known
	}
	found, where, err := d.metadata(ctx)
	e := endpoints{MetadataURL: where, PromisesIss: found.PromisesIss}
	kept := discoveryKept
	if err != nil {
		kept = discoveryFailedKept
		var unreachable *url.Error
		e.Unreachable = errors.As(err, &unreachable)
		e.Note = err.Error()
	}
	e.Authorize = d.place(d.config.AuthorizePath, found.Authorize, DefaultAuthorizePath)
	e.Token = d.place(d.config.TokenPath, found.Token, DefaultTokenPath)
	e.Me = d.place(d.config.MePath, "", DefaultMePath)
	if !e.Unreachable && slices.ContainsFunc(d.config.Scenarios, Scenario.usesOpenID) {
		d.addOpenID(ctx, &e)
	}
	d.known, d.expires = e, time.Now().Add(kept)
	return e
}

// addOpenID adds the endpoints of OpenID Connect (OpenID Connect Discovery §4).
func (d *discovery) addOpenID(ctx context.Context, e *endpoints) {
	var found openIDMetadata
	if d.readJSON(ctx, strings.TrimRight(d.config.Issuer, "/")+"/.well-known/openid-configuration", &found) != nil || found.Issuer != d.config.Issuer {
		return // The server does not offer OpenID Connect.
	}
	for _, endpoint := range []string{found.UserInfo, found.KeySet, found.EndSession} {
		if endpoint != "" && checkURL(endpoint) != nil {
			return
		}
	}
	e.UserInfo, e.KeySet, e.EndSession = found.UserInfo, found.KeySet, found.EndSession
}

// place returns the configured endpoint, the endpoint of the metadata, or the default.
func (d *discovery) place(configured, found, fallback string) string {
	path := configured
	if path == "" && found != "" {
		return found
	}
	if path == "" {
		path = fallback
	}
	if strings.HasPrefix(path, "/") {
		return strings.TrimRight(d.config.Issuer, "/") + path
	}
	return path
}

func (d *discovery) metadata(ctx context.Context) (metadata, string, error) {
	const wellKnown = "/.well-known/oauth-authorization-server"
	issuer, err := url.Parse(d.config.Issuer)
	if err != nil {
		return metadata{}, "", err
	}
	// The well-known path is between the host and the path of the issuer (RFC 8414 §3.1).
	// Some servers put it after the path.
	path := strings.TrimRight(issuer.EscapedPath(), "/")
	origin := issuer.Scheme + "://" + issuer.Host
	places := []string{origin + wellKnown + path}
	if path != "" {
		places = append(places, origin+path+wellKnown)
	}
	for _, place := range places {
		var found metadata
		if found, err = d.read(ctx, place); err == nil {
			return found, place, nil
		}
	}
	return metadata{}, "", err
}

// readJSON decodes the document at a URL.
func (d *discovery) readJSON(ctx context.Context, place string, into any) error {
	// If the browser closes the connection, the result is still cached for the next page.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discoveryTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, place, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	response, err := d.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", place, response.Status)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxBody)).Decode(into); err != nil {
		return fmt.Errorf("%s is not JSON: %w", place, err)
	}
	return nil
}

func (d *discovery) read(ctx context.Context, place string) (metadata, error) {
	var found metadata
	if err := d.readJSON(ctx, place, &found); err != nil {
		return metadata{}, err
	}
	// RFC 8414 §3.3: metadata of another issuer must not be used.
	if found.Issuer != d.config.Issuer {
		return metadata{}, fmt.Errorf("%s is the metadata of %q, not of %q", place, found.Issuer, d.config.Issuer)
	}
	for _, endpoint := range []string{found.Authorize, found.Token} {
		if endpoint != "" && checkURL(endpoint) != nil {
			return metadata{}, fmt.Errorf("%s names %q, which is not an http(s) URL", place, endpoint)
		}
	}
	return found, nil
}
