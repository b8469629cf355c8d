package relyingparty

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/oauth2"
)

// The endpoints below the issuer, if its metadata names no others.
const (
	DefaultAuthorizePath = "/oauth/authorize"
	DefaultTokenPath     = "/oauth/access_token"
	DefaultMePath        = "/api/v4/users/me"
)

// Config configures the client: its URL, the authorization server and the apps.
type Config struct {
	// BaseURL is the URL at which browsers reach the handler, "http://localhost:8066".
	BaseURL string
	// Issuer is the issuer of the authorization server, exactly as the server writes it.
	// The client compares it with the parameter iss of responses (RFC 9207 §2.4).
	Issuer string
	// AuthorizePath, TokenPath and MePath are paths below the issuer, or absolute URLs. If
	// one is empty, the client uses the server's metadata (RFC 8414), or the default above.
	AuthorizePath, TokenPath, MePath string
	// Scenarios are the apps to try, in the order of the first page.
	Scenarios []Scenario
	// Transport sends the requests to the server. The default is http.DefaultTransport.
	Transport http.RoundTripper
}

// Scenario is a registered app and how the client uses it.
type Scenario struct {
	Name        string // the name of the app
	Slug        string // the app's path on this site: lowercase letters, digits, hyphens
	Description string // one or two sentences for the first page

	ClientID     string
	ClientSecret string // empty for a public app

	Public   bool // no secret, authentication method none, always PKCE
	Implicit bool // response_type=token instead of code
	Trusted  bool // the server does not ask for consent; for display only
	Basic    bool // client_secret_basic instead of client_secret_post
	NoPKCE   bool // no PKCE; for confidential apps

	Scope    string // separated by spaces; empty for the server's default
	Resource string // resource indicator (RFC 8707), or empty
}

// RedirectURI returns the callback URL with which the app must be registered if the handler
// runs at baseURL.
func (s Scenario) RedirectURI(baseURL string) string {
	return strings.TrimRight(baseURL, "/") + "/" + s.Slug + "/callback"
}

// usesPKCE reports whether the app uses PKCE. A public app must (RFC 9700 §2.1.1). Other
// apps do unless NoPKCE is set.
func (s Scenario) usesPKCE() bool { return !s.Implicit && (s.Public || !s.NoPKCE) }

// oauth2Config returns the app as a configuration of golang.org/x/oauth2.
func (s Scenario) oauth2Config(baseURL string, e endpoints) *oauth2.Config {
	style := oauth2.AuthStyleInParams
	if s.Basic && !s.Public {
		style = oauth2.AuthStyleInHeader
	}
	return &oauth2.Config{
		ClientID:     s.ClientID,
		ClientSecret: s.ClientSecret,
		RedirectURL:  s.RedirectURI(baseURL),
		Scopes:       strings.Fields(s.Scope),
		Endpoint:     oauth2.Endpoint{AuthURL: e.Authorize, TokenURL: e.Token, AuthStyle: style},
	}
}

var slugPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// check returns all mistakes of the configuration in one error.
func (c Config) check() error {
	var problems []error
	if err := checkOrigin(c.BaseURL); err != nil {
		problems = append(problems, fmt.Errorf("base URL: %w", err))
	}
	if err := checkURL(c.Issuer); err != nil {
		problems = append(problems, fmt.Errorf("issuer: %w", err))
	}
	for name, path := range map[string]string{"authorize path": c.AuthorizePath, "token path": c.TokenPath, "me path": c.MePath} {
		if path != "" && !strings.HasPrefix(path, "/") && checkURL(path) != nil {
			problems = append(problems, fmt.Errorf("%s %q: must be a path that starts with a slash, or an http(s) URL", name, path))
		}
	}
	if len(c.Scenarios) == 0 {
		problems = append(problems, errors.New("no scenario given"))
	}
	seen := map[string]bool{}
	for _, s := range c.Scenarios {
		switch {
		case !slugPattern.MatchString(s.Slug):
			problems = append(problems, fmt.Errorf("scenario %q: slug %q: must consist of lowercase letters, digits and hyphens", s.Name, s.Slug))
		case seen[s.Slug]:
			problems = append(problems, fmt.Errorf("scenario %q: slug %q is used twice", s.Name, s.Slug))
		}
		seen[s.Slug] = true
		switch {
		case s.ClientID == "":
			problems = append(problems, fmt.Errorf("scenario %q: client ID is missing", s.Name))
		case s.Public && s.ClientSecret != "":
			problems = append(problems, fmt.Errorf("scenario %q: a public app has no client secret", s.Name))
		case !s.Public && !s.Implicit && s.ClientSecret == "":
			problems = append(problems, fmt.Errorf("scenario %q: client secret is missing; set Public if the app has no secret", s.Name))
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("relying party: %w", errors.Join(problems...))
	}
	return nil
}

func checkURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("%q is not an http(s) URL", raw)
	}
	return nil
}

// checkOrigin accepts a URL without a path, because the pages link to each other from the
// root.
func checkOrigin(raw string) error {
	if err := checkURL(raw); err != nil {
		return err
	}
	u, _ := url.Parse(raw)
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q must have only a scheme and a host", raw)
	}
	return nil
}
