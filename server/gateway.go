package server

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"

	"go.opentelemetry.io/otel/trace"

	"gatehouse/account"
	"gatehouse/backchannel"
	"gatehouse/consent"
	"gatehouse/console"
	"gatehouse/egress"
	"gatehouse/groups"
	"gatehouse/internal/web"
	"gatehouse/openid"
	"gatehouse/provider"
	"gatehouse/registration"
	"gatehouse/signing"
	"gatehouse/templates"
)

// Store is the storage of a gateway; *storage.Store implements it. Each package sees
// only the interface that it declares itself.
type Store interface {
	account.Store
	console.Store
	consent.Store
	groups.Store
	provider.Store
	registration.Store
	signing.Store
	backchannel.Store
	// Ready returns an error if the database does not answer or is not migrated.
	Ready(ctx context.Context) error
}

// GatewayConfig configures a Gateway.
type GatewayConfig struct {
	SiteURL        *url.URL
	Secrets        [][]byte // the first seals; all of them open what they have sealed
	TrustedProxies []netip.Prefix
	Registrations  registration.Rate
	Version, Build string
	Store          Store
	Metrics        *Metrics             // may be nil
	Tracers        trace.TracerProvider // may be nil
	Log            *slog.Logger
}

// Gateway is a gateway that is ready to serve.
type Gateway struct {
	Handler http.Handler
	Users   *account.Users
	SetUp   *account.SetUp
	// The Run methods of these belong to a running gateway.
	Keys    *signing.Keys
	Logouts *backchannel.Deliverer
}

// NewGateway connects the packages: store, tokens, authentication, consent, the
// protocol, accounts, apps, console, HTTP. It returns an error if a secret is too short
// or the site URL is not an origin.
func NewGateway(c GatewayConfig) (*Gateway, error) {
	basePath, issuer := c.SiteURL.Path, c.SiteURL.String()
	store := c.Metrics.countAuditEvents(c.Store)
	c.Metrics.setVersion(c.Version, c.Build)
	renderer, err := templates.New(templates.Site{BasePath: basePath})
	if err != nil {
		return nil, err
	}
	tokens, err := provider.NewTokens(store, c.Secrets...)
	if err != nil {
		return nil, err
	}
	keys, err := signing.NewKeys(signing.KeysConfig{Store: store, Secrets: c.Secrets, Log: c.Log})
	if err != nil {
		return nil, err
	}
	publicKeys := signing.NewHandler(signing.HandlerConfig{Keys: keys, Settings: store, Log: c.Log})

	forms, err := web.NewKeptForms(c.SiteURL, c.Secrets...)
	if err != nil {
		return nil, err
	}
	cookies := account.Cookies{Session: web.CookieName(c.SiteURL, "gatehouse_session"), BasePath: basePath, SiteHTTPS: c.SiteURL.Scheme == "https"}
	authenticator := account.NewAuthenticator(account.AuthenticatorConfig{
		Store: store, Tokens: tokens, Cookies: cookies, ResourceMetadata: provider.ResourceMetadataURL(issuer), Log: c.Log,
	})
	pages := web.Pages{
		SignIn: authenticator, Settings: store, Renderer: renderer,
		Notices: web.Notices{Cookie: web.CookieName(c.SiteURL, "gatehouse_notice"), BasePath: basePath, SiteHTTPS: cookies.SiteHTTPS},
		Forms:   forms, Log: c.Log,
	}
	consents := consent.NewHandler(consent.Config{Store: store, Callers: authenticator, Renderer: renderer, BasePath: basePath, Log: c.Log})
	protocol := provider.New(provider.Config{
		Issuer: issuer, BasePath: basePath, Tokens: tokens, Keys: keys, Store: store,
		SignIn: authenticator, Consents: consents, Renderer: renderer, Forms: forms, Observe: c.Metrics.countProtocolEvent, Log: c.Log,
	})

	hasher := account.NewHasher(account.HasherConfig{})
	users := account.NewUsers(account.UsersConfig{Store: store, Hasher: hasher, Log: c.Log})
	setUp := account.NewSetUp(account.SetUpConfig{Store: store, Users: users})
	signIn, err := account.NewService(account.ServiceConfig{Store: store, Hasher: hasher, Secret: c.Secrets[0], Log: c.Log})
	if err != nil {
		return nil, err
	}
	accounts := account.NewHandler(account.HandlerConfig{
		Service: signIn, Authenticator: authenticator, SetUp: setUp, Store: store, Renderer: renderer, Forms: forms,
		Cookies: cookies, Observe: c.Metrics.countSignIn, Log: c.Log,
	})
	userInfo := openid.NewUserInfo(openid.UserInfoConfig{Tokens: tokens, Groups: store, Settings: store, Log: c.Log})
	logout := openid.NewLogout(openid.LogoutConfig{
		Issuer: issuer, BasePath: basePath, Keys: keys, Store: store, Callers: authenticator, SignOut: accounts.SignOut, Renderer: renderer, Forms: forms, Log: c.Log,
	})
	logouts := backchannel.NewDeliverer(backchannel.Config{
		Issuer: issuer, Store: store, Keys: keys, Client: &egress.Client{}, Observe: c.Metrics.countLogoutDelivery, Log: c.Log,
	})
	security := account.NewSecurityHandler(account.SecurityConfig{
		Pages: pages, Service: signIn, Users: users, Store: store, Apps: consents, Cookies: cookies,
	})

	groupsOfUsers := groups.NewService(groups.ServiceConfig{Store: store, Log: c.Log})
	groupPages := groups.NewHandler(groups.HandlerConfig{Groups: groupsOfUsers, Store: store, Pages: pages, BasePath: basePath})

	apps := registration.NewService(registration.ServiceConfig{Store: store, Log: c.Log})
	registrar := registration.NewRegistrar(registration.RegistrarConfig{
		Apps: apps, Store: store, Rate: c.Registrations, Observe: c.Metrics.countRegistration, Log: c.Log,
	})
	integrations := registration.NewHandler(registration.HandlerConfig{
		Apps: apps, Access: groupsOfUsers, Store: store, Callers: authenticator, Pages: pages, SiteURL: issuer, BasePath: basePath, Log: c.Log,
	})
	settings := console.NewSettingsEditor(console.SettingsEditorConfig{Store: store, Log: c.Log})
	admin := console.NewHandler(console.Config{Pages: pages, Users: users, Settings: settings, Keys: keys, Store: store, BasePath: basePath})

	handler, err := NewHandler(HandlerConfig{
		SiteURL: c.SiteURL, TrustedProxies: c.TrustedProxies, Version: c.Version, Build: c.Build, Ready: store.Ready,
		RenewCookies: authenticator.RenewCookies, Renderer: renderer, Metrics: c.Metrics, Tracers: c.Tracers, Log: c.Log,
		// The registration endpoint comes before the API of apps, whose paths include its own.
		Routes: slices.Concat(protocol.Routes(), publicKeys.Routes(), userInfo.Routes(), logout.Routes(), registrar.Routes(), consents.Routes(), accounts.Routes(),
			integrations.Routes(), security.Routes(), groupPages.Routes(), admin.Routes()),
	})
	if err != nil {
		return nil, err
	}
	return &Gateway{Handler: handler, Users: users, SetUp: setUp, Keys: keys, Logouts: logouts}, nil
}
