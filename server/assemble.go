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
	"gatehouse/consent"
	"gatehouse/console"
	"gatehouse/internal/audit"
	"gatehouse/internal/web"
	"gatehouse/provider"
	"gatehouse/registration"
	"gatehouse/templates"
)

// Store is everything that the gateway keeps; *storage.Store is one. No part
// sees more of it than the small interface that it declared itself.
type Store interface {
	account.Store
	audit.Recorder
	console.Store
	consent.Store
	provider.Store
	registration.Store
	// Ready says whether the database answers and is migrated.
	Ready(ctx context.Context) error
}

// Parts are what a gateway is assembled from.
type Parts struct {
	SiteURL        *url.URL
	Secrets        [][]byte // the first seals, the others still open
	TrustedProxies []netip.Prefix
	Registrations  registration.Rate
	Version, Build string
	Store          Store
	Metrics        *Metrics             // nil counts nothing
	Tracers        trace.TracerProvider // nil traces nothing
	Log            *slog.Logger
}

// Gateway is the whole of it, ready to serve.
type Gateway struct {
	Handler http.Handler
	Users   *account.Users
	SetUp   *account.SetUp
}

// Assemble is the one place where the parts meet: store → tokens → who is asking
// → consent → the protocol → HTTP.
func Assemble(p Parts) (Gateway, error) {
	basePath, issuer := p.SiteURL.Path, p.SiteURL.String()
	p.Store = p.Metrics.counted(p.Store)
	p.Metrics.version(p.Version, p.Build)
	renderer, err := templates.New(templates.Site{BasePath: basePath})
	if err != nil {
		return Gateway{}, err
	}
	tokens, err := provider.NewTokens(p.Store, p.Secrets...)
	if err != nil {
		return Gateway{}, err
	}

	cookies := account.Cookies{BasePath: basePath, SiteHTTPS: p.SiteURL.Scheme == "https"}
	authenticator := account.NewAuthenticator(account.AuthenticatorConfig{
		Store: p.Store, Tokens: tokens, Cookies: cookies, ResourceMetadata: provider.ResourceMetadataURL(issuer), Log: p.Log,
	})
	pages := web.Pages{
		SignIn: authenticator, Settings: p.Store, Renderer: renderer,
		Notices: web.Notices{BasePath: basePath, SiteHTTPS: cookies.SiteHTTPS}, Log: p.Log,
	}
	consents := consent.NewHandler(consent.Config{Store: p.Store, Callers: authenticator, Renderer: renderer, BasePath: basePath, Log: p.Log})
	protocol := provider.New(provider.Config{
		Issuer: issuer, BasePath: basePath, Tokens: tokens, Store: p.Store,
		SignIn: authenticator, Consents: consents, Renderer: renderer, Observe: p.Metrics.protocol, Log: p.Log,
	})

	hasher := account.NewHasher(account.HasherConfig{})
	users := account.NewUsers(account.UsersConfig{Store: p.Store, Hasher: hasher, Log: p.Log})
	setUp := account.NewSetUp(account.SetUpConfig{Store: p.Store, Users: users})
	signIn, err := account.NewService(account.ServiceConfig{Store: p.Store, Hasher: hasher, Secret: p.Secrets[0], Log: p.Log})
	if err != nil {
		return Gateway{}, err
	}
	accounts := account.NewHandler(account.HandlerConfig{
		Service: signIn, Authenticator: authenticator, SetUp: setUp, Store: p.Store, FormTargets: protocol, Renderer: renderer,
		Cookies: cookies, Observe: p.Metrics.signIn, Log: p.Log,
	})
	security := account.NewSecurityHandler(account.SecurityConfig{
		Pages: pages, Service: signIn, Users: users, Store: p.Store, Apps: consents, Cookies: cookies,
	})

	apps := registration.NewService(registration.ServiceConfig{Store: p.Store, Log: p.Log})
	registrar := registration.NewRegistrar(registration.RegistrarConfig{Apps: apps, Store: p.Store, Rate: p.Registrations, Observe: p.Metrics.registration, Log: p.Log})
	integrations := registration.NewHandler(registration.HandlerConfig{
		Apps: apps, Store: p.Store, Callers: authenticator, Pages: pages, SiteURL: issuer, BasePath: basePath, Log: p.Log,
	})
	admin := console.NewHandler(console.Config{
		Pages: pages, Users: users, Settings: console.NewSettingsEditor(console.SettingsEditorConfig{Store: p.Store, Log: p.Log}), Store: p.Store, BasePath: basePath,
	})

	handler, err := New(Config{
		SiteURL: p.SiteURL, TrustedProxies: p.TrustedProxies, Version: p.Version, Build: p.Build, Ready: p.Store.Ready,
		RenewCookies: authenticator.RenewCookies, Renderer: renderer, Metrics: p.Metrics, Tracers: p.Tracers, Log: p.Log,
		Routes: slices.Concat(protocol.Routes(), registrar.Routes(), consents.Routes(), accounts.Routes(),
			integrations.Routes(), security.Routes(), admin.Routes()),
	})
	return Gateway{Handler: handler, Users: users, SetUp: setUp}, err
}
