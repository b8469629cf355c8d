package relyingparty

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	discoveryTimeout = 3 * time.Second
	// How long an answer is kept: a working one a while, a failed one just
	// long enough that one page does not ask twice.
	discoveryKept       = time.Minute
	discoveryFailedKept = 2 * time.Second
)

// endpoints is where the server is reached, and how we know.
type endpoints struct {
	Authorize, Token, Me string

	MetadataURL string // where the metadata was read; empty when it was not
	Note        string // why it was not, in a sentence
	Unreachable bool   // the server did not answer at all
	// PromisesIss: the server says that it always sends iss, so that an
	// answer without one is refused (RFC 9207 §2.4).
	PromisesIss bool
}

// metadata is the part of RFC 8414 §2 that matters here.
type metadata struct {
	Issuer      string `json:"issuer"`
	Authorize   string `json:"authorization_endpoint"`
	Token       string `json:"token_endpoint"`
	PromisesIss bool   `json:"authorization_response_iss_parameter_supported"`
}

// discovery finds the endpoints and remembers them.
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

// endpoints never fails: without metadata, the configured and default places
// are used, and the note says so.
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
	d.known, d.expires = e, time.Now().Add(kept)
	return e
}

// place decides between what was configured, what was found and the default.
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
	// RFC 8414 §3.1: the well-known part goes between host and path; some
	// servers put it behind the path.
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

func (d *discovery) read(ctx context.Context, place string) (metadata, error) {
	// A page that is left early must not spoil what the next one finds.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discoveryTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, place, nil)
	if err != nil {
		return metadata{}, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := d.client.Do(request)
	if err != nil {
		return metadata{}, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return metadata{}, fmt.Errorf("%s answered %s", place, response.Status)
	}
	var found metadata
	if err := json.NewDecoder(io.LimitReader(response.Body, maxBody)).Decode(&found); err != nil {
		return metadata{}, fmt.Errorf("%s is not JSON: %w", place, err)
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
