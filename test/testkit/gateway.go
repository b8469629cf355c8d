package testkit

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/backchannel"
	"gatehouse/provider"
	"gatehouse/registration"
	"gatehouse/server"
	"gatehouse/storage"
	"gatehouse/test/testdb"
)

// Gateway is a running gateway whose provider is on.
type Gateway struct {
	URL   string
	Store *storage.Store
	Apps  *registration.Service
	// Logouts delivers logout tokens while its Run runs.
	Logouts *backchannel.Deliverer
}

// secret is the secret with which the gateways seal codes and tokens.
var secret = []byte("a secret of the test kit, 32 bytes long")

// Each runs a test once for each engine, each time with a new gateway.
func Each(t *testing.T, test func(t *testing.T, g *Gateway)) {
	t.Helper()
	testdb.Each(t, func(t *testing.T, url string) { test(t, Start(t, url)) })
}

// Start starts a gateway on an empty database. It stops at the end of the test.
func Start(t *testing.T, databaseURL string) *Gateway {
	t.Helper()
	g := start(t, databaseURL, "", secret)
	g.Set(t, gatehouse.SettingEnableOAuthServiceProvider, "true")
	return g
}

// start starts a gateway that seals with the first secret and opens with all of
// them. If siteURL is "", it is the address of the gateway.
func start(t *testing.T, databaseURL, siteURL string, secrets ...[]byte) *Gateway {
	t.Helper()
	ctx := context.Background()
	log := slog.New(slog.DiscardHandler)
	store, err := storage.Open(ctx, storage.Options{URL: databaseURL, Log: log})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, store.MigrateUp(ctx))

	site := httptest.NewUnstartedServer(nil)
	address := "http://" + site.Listener.Addr().String()
	if siteURL == "" {
		siteURL = address
	}
	gateway := assemble(t, store, siteURL, secrets, log)
	site.Config.Handler = gateway.Handler
	site.Start()
	t.Cleanup(site.Close)
	return &Gateway{URL: address, Store: store, Apps: registration.NewService(registration.ServiceConfig{Store: store, Log: log}), Logouts: gateway.Logouts}
}

// assemble builds the gateway as the command does.
func assemble(t *testing.T, store *storage.Store, siteURL string, secrets [][]byte, log *slog.Logger) *server.Gateway {
	t.Helper()
	site, err := url.Parse(siteURL)
	require.NoError(t, err)
	g, err := server.NewGateway(server.GatewayConfig{
		SiteURL: site, Secrets: secrets, Registrations: registration.UnlimitedRate(), Version: "test", Build: "0", Store: store, Log: log,
	})
	require.NoError(t, err)
	return g
}

// Set changes a setting.
func (g *Gateway) Set(t *testing.T, key, value string) {
	t.Helper()
	require.NoError(t, g.Store.SetSettings(context.Background(), map[string]string{key: value}, "", time.Now()))
}

// Grant returns the grant of an access token.
func (g *Gateway) Grant(t *testing.T, accessToken string) gatehouse.Grant {
	t.Helper()
	tokens, err := provider.NewTokens(g.Store, secret)
	require.NoError(t, err)
	grant, _, err := tokens.AuthenticateAccessToken(context.Background(), accessToken)
	require.NoError(t, err)
	return grant
}

// User creates a user without a password. SignedIn gives the user a session.
func (g *Gateway) User(t *testing.T, name string) gatehouse.User {
	t.Helper()
	return g.user(t, name, gatehouse.RoleSystemUser)
}

// Admin creates a System Admin without a password.
func (g *Gateway) Admin(t *testing.T, name string) gatehouse.User {
	t.Helper()
	return g.user(t, name, gatehouse.RoleSystemUser, gatehouse.RoleSystemAdmin)
}

func (g *Gateway) user(t *testing.T, name string, roles ...string) gatehouse.User {
	t.Helper()
	now := time.Now().Truncate(time.Millisecond)
	u := gatehouse.User{
		ID: gatehouse.NewID(), Username: name, Email: name + "@example.com", EmailVerified: true, Locale: "en",
		Roles: roles, CreateAt: now, UpdateAt: now, LastPasswordUpdate: now,
	}
	require.NoError(t, g.Store.CreateUser(context.Background(), u))
	return u
}

// Group creates a group with members.
func (g *Gateway) Group(t *testing.T, name string, members ...gatehouse.User) gatehouse.Group {
	t.Helper()
	ctx, now := context.Background(), time.Now().UTC().Truncate(time.Millisecond)
	group := gatehouse.Group{ID: gatehouse.NewID(), Name: name, CreateAt: now, UpdateAt: now}
	require.NoError(t, g.Store.CreateGroup(ctx, group))
	for _, user := range members {
		require.NoError(t, g.Store.AddGroupMember(ctx, group.ID, user.ID, now))
	}
	return group
}

// Restrict opens an app to the members of groups only.
func (g *Gateway) Restrict(t *testing.T, app App, groups ...gatehouse.Group) {
	t.Helper()
	access := gatehouse.AppAccess{IsRestricted: true}
	for _, group := range groups {
		access.GroupIDs = append(access.GroupIDs, group.ID)
	}
	require.NoError(t, g.Store.SetAppAccess(context.Background(), app.ID, access, time.Now()))
}

// App is a registered app with its secret.
type App struct {
	gatehouse.App
	Secret string
}

// RedirectURI is the redirect URI of the apps.
const RedirectURI = "https://app.example.com/cb"

// App registers an app. The function change, which may be nil, edits it first.
func (g *Gateway) App(t *testing.T, change func(*registration.NewApp)) App {
	t.Helper()
	n := registration.NewApp{Name: "An app", Homepage: "https://app.example.com", RedirectURIs: []string{RedirectURI}}
	if change != nil {
		change(&n)
	}
	app, secret, err := g.Apps.Create(context.Background(), n, "")
	require.NoError(t, err)
	return App{app, secret}
}

// PublicApp registers a public app.
func (g *Gateway) PublicApp(t *testing.T) App {
	t.Helper()
	return g.App(t, func(n *registration.NewApp) { n.IsPublic = true })
}
