package main

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"

	"gatehouse/account"
	"gatehouse/consent"
	"gatehouse/console"
	"gatehouse/internal/web"
	"gatehouse/provider"
	"gatehouse/registration"
	"gatehouse/server"
	"gatehouse/storage"
	"gatehouse/templates"
)

// site says where and how the gateway is reached, and what it stands on.
type site struct {
	url            *url.URL
	secrets        [][]byte
	trustedProxies []netip.Prefix
	registrations  registration.Rate
	store          *storage.Store
	metrics        *server.Metrics // nil: none
	log            *slog.Logger
}

// gateway is the graph of the parts, put together.
type gateway struct {
	handler http.Handler
	people  *account.People
	setUp   *account.SetUp
}

// assemble is the one place where the parts meet: storage → tokens → who is
// asking → consent → the protocol → HTTP.
func assemble(s site) (gateway, error) {
	basePath := s.url.Path
	renderer, err := templates.New(templates.Site{BasePath: basePath})
	if err != nil {
		return gateway{}, err
	}
	tokens, err := provider.NewTokens(s.store, s.secrets...)
	if err != nil {
		return gateway{}, err
	}
	cookies := account.Cookies{BasePath: basePath, SiteHTTPS: s.url.Scheme == "https"}
	authenticator := account.NewAuthenticator(s.store, tokens, cookies, s.log)
	desk := consent.NewDesk(s.store, authenticator, renderer, basePath, s.log)
	protocol := provider.New(provider.Config{
		Issuer: s.url.String(), BasePath: basePath, Tokens: tokens, Apps: s.store, Grants: s.store, Settings: s.store,
		SignIn: authenticator, Consents: desk, Auditor: s.store, Renderer: renderer, Log: s.log,
	})
	hasher := account.NewHasher(account.HasherConfig{})
	people := account.NewPeople(s.store, s.store, hasher, s.log)
	setUp := account.NewSetUp(s.store, people)
	signIn := account.NewService(s.store, s.store, hasher, s.log)
	accounts := account.NewHandler(account.HandlerConfig{
		Service: signIn, Authenticator: authenticator, SetUp: setUp, Grants: s.store, FormTargets: protocol, Settings: s.store,
		Renderer: renderer, Cookies: cookies, Log: s.log,
	})
	apps := registration.NewService(s.store, s.log)
	registrar := registration.NewRegistrar(registration.RegistrarConfig{Apps: apps, Settings: s.store, Rate: s.registrations, Log: s.log})
	integrations := registration.NewHandler(registration.HandlerConfig{
		Apps: apps, Catalogue: s.store, Callers: authenticator, Renderer: renderer, SiteURL: s.url.String(), BasePath: basePath, Log: s.log,
	})
	pages := web.Pages{SignIn: authenticator, Settings: s.store, Renderer: renderer, Log: s.log}
	security := account.NewSecurityHandler(account.SecurityConfig{
		Pages: pages, Service: signIn, People: people, Sessions: s.store, Apps: desk, Cookies: cookies,
	})
	admin := console.NewHandler(console.Config{
		Pages: pages, People: people, Switches: console.NewSwitches(s.store, s.log), Store: s.store, BasePath: basePath,
	})

	version := readVersion()
	handler, err := server.New(server.Config{
		SiteURL: s.url, TrustedProxies: s.trustedProxies, Version: version.Version, Build: version.Build,
		Ready: s.store.Ready, RenewCookies: authenticator.RenewCookies, Renderer: renderer, Metrics: s.metrics, Log: s.log,
	}, protocol, registrar, desk, accounts, integrations, security, admin)
	return gateway{handler: handler, people: people, setUp: setUp}, err
}
