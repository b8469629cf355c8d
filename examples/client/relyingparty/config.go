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

// Endpoints below the issuer, where its metadata names no others.
const (
	DefaultAuthorizePath = "/oauth/authorize"
	DefaultTokenPath     = "/oauth/access_token"
	DefaultMePath        = "/api/v4/users/me"
)

// Config says where the client runs, which server it talks to, and as which
// apps.
type Config struct {
	// BaseURL is where browsers reach the handler, "http://localhost:8066".
	BaseURL string
	// Issuer is the authorization server exactly as it names itself; the iss
	// of its answers is compared with it (RFC 9207 §2.4).
	Issuer string
	// AuthorizePath, TokenPath and MePath are paths below the issuer, or
	// absolute URLs. Empty means: what the server's metadata says (RFC 8414),
	// else the default above.
	AuthorizePath, TokenPath, MePath string
	// Scenarios are the apps to try, in the order of the first page.
	Scenarios []Scenario
	// Transport sends the requests to the server; nil is http.DefaultTransport.
	Transport http.RoundTripper
}

// Scenario is one registered app and the way in which it is used.
type Scenario struct {
	Name        string // of the app, for people
	Slug        string // its place on this site: lower-case letters, digits, hyphens
	Description string // one or two sentences for the first page

	ClientID     string
	ClientSecret string // empty for a public app

	Public   bool // no secret, method none; PKCE always
	Implicit bool // response_type=token instead of code
	Trusted  bool // the server does not ask for consent; for display only
	Basic    bool // client_secret_basic instead of client_secret_post
	NoPKCE   bool // leave PKCE out; for confidential apps

	Scope    string // separated by spaces; empty asks for the server's default
	Resource string // resource indicator (RFC 8707), or empty
}

// RedirectURI is the callback URL that the app must be registered with when
// the handler runs at baseURL.
func (s Scenario) RedirectURI(baseURL string) string {
	return strings.TrimRight(baseURL, "/") + "/" + s.Slug + "/callback"
}

// usesPKCE: public apps must (RFC 9700 §2.1.1), the others do unless told not to.
func (s Scenario) usesPKCE() bool { return !s.Implicit && (s.Public || !s.NoPKCE) }

// oauth2Config is the app in the words of golang.org/x/oauth2.
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

// check returns every mistake of the configuration at once.
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
			problems = append(problems, fmt.Errorf("%s %q: want a path that starts with a slash, or an http(s) URL", name, path))
		}
	}
	if len(c.Scenarios) == 0 {
		problems = append(problems, errors.New("no scenario given"))
	}
	seen := map[string]bool{}
	for _, s := range c.Scenarios {
		switch {
		case !slugPattern.MatchString(s.Slug):
			problems = append(problems, fmt.Errorf("scenario %q: slug %q: want lower-case letters, digits and hyphens", s.Name, s.Slug))
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
			problems = append(problems, fmt.Errorf("scenario %q: client secret is missing; say that the app is public if it has none", s.Name))
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

// checkOrigin: the pages link to each other from the root.
func checkOrigin(raw string) error {
	if err := checkURL(raw); err != nil {
		return err
	}
	u, _ := url.Parse(raw)
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q must be a scheme and a host alone", raw)
	}
	return nil
}
