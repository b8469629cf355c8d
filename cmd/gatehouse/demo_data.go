package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"gatehouse"
	"gatehouse/account"
	"gatehouse/examples/client/relyingparty"
	"gatehouse/storage"
)

// demoUser is a user whose password is public.
type demoUser struct {
	name, firstName, lastName, password string
	admin                               bool
}

// demoUsers returns a System Admin and an ordinary user.
func demoUsers() (ada, bob demoUser) {
	return demoUser{name: "ada", firstName: "Ada", lastName: "Adams", password: "ada-the-admin", admin: true},
		demoUser{name: "bob", firstName: "Bob", lastName: "Brown", password: "bob-the-user"}
}

func (u demoUser) user() gatehouse.User {
	user := gatehouse.User{Username: u.name, Email: u.name + "@example.com", EmailVerified: true, FirstName: u.firstName, LastName: u.lastName}
	if u.admin {
		user.Roles = []string{gatehouse.RoleSystemUser, gatehouse.RoleSystemAdmin}
	}
	return user
}

// demoScenarios returns the apps of the demo as the sample client uses them. The ids and
// secrets never change, so that a client in development keeps working.
func demoScenarios() []relyingparty.Scenario {
	return []relyingparty.Scenario{
		{
			Slug: "confidential", Name: "Confidential app", ClientID: "democonfidential0000000000", ClientSecret: "demo-secret-confidential",
			Description: "An app with a server that keeps a client secret. It uses the authorization code flow and refresh tokens. The consent page appears the first time.",
		},
		{
			Slug: "public", Name: "Public app", ClientID: "demopublic0000000000000000", Public: true,
			Description: "An app on a phone or in a browser, which can't keep a secret. It uses the authorization code flow with PKCE and gets no refresh token.",
		},
		{
			Slug: "trusted", Name: "Trusted app", ClientID: "demotrusted000000000000000", ClientSecret: "demo-secret-trusted", Trusted: true,
			Description: "An app of your own organization that a System Admin marked as trusted. The consent page never appears.",
		},
		{
			Slug: "openid", Name: "OpenID Connect app", ClientID: "demoopenid0000000000000000", ClientSecret: "demo-secret-openid", Scope: "openid profile email",
			Description: "An app that uses OpenID Connect. It gets an ID token, reads the user from UserInfo, and can sign the user out of the gateway.",
		},
		{
			Slug: "implicit", Name: "Implicit app", ClientID: "demoimplicit00000000000000", Public: true, Implicit: true,
			Description: "An old single-page app that gets its access token in the URL. We don't recommend this for new apps.",
		},
	}
}

// demoApps returns the apps of scenarios, whose client runs at clientURL.
func demoApps(scenarios []relyingparty.Scenario, clientURL string) []gatehouse.App {
	var apps []gatehouse.App
	for _, s := range scenarios {
		apps = append(apps, demoApp(s, clientURL))
	}
	return apps
}

// fillDemo creates the users and apps that do not exist yet, and turns the provider and
// registration on.
func fillDemo(ctx context.Context, store *storage.Store, users *account.Users, apps []gatehouse.App) error {
	ada, bob := demoUsers()
	group, together := errgroup.WithContext(ctx) // Hashing a password takes most of the time of the start.
	for _, u := range []demoUser{ada, bob} {
		group.Go(func() error {
			_, err := users.CreateUser(together, gatehouse.Caller{}, u.user(), u.password)
			if errors.Is(err, gatehouse.ErrUsernameTaken) {
				return nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	admin, err := store.UserByLogin(ctx, ada.name)
	if err != nil {
		return err
	}
	for _, app := range apps {
		app.CreatorID = admin.ID
		if err := store.CreateApp(ctx, app); err != nil && !errors.Is(err, gatehouse.ErrConflict) {
			return err
		}
	}
	on := map[string]string{
		gatehouse.SettingEnableOAuthServiceProvider: "true", gatehouse.SettingEnableDynamicClientRegistration: "true",
		gatehouse.SettingEgressAllowedNetworks: "127.0.0.0/8,::1/128", // clients under development run on this computer
	}
	return store.SetSettings(ctx, on, admin.ID, time.Now())
}

// demoApp returns the app of a scenario. It does not use registration.Service, which
// generates ids and secrets. A test checks it with the rules of that package.
func demoApp(s relyingparty.Scenario, clientURL string) gatehouse.App {
	now := time.Now()
	app := gatehouse.App{
		ID: s.ClientID, Name: s.Name, Description: s.Description, Homepage: clientURL,
		RedirectURIs: []string{s.RedirectURI(clientURL)}, IsTrusted: s.Trusted, IsPublic: s.Public,
		TokenEndpointAuthMethod: gatehouse.AuthMethodNone, CreateAt: now, UpdateAt: now,
	}
	if !s.Public {
		app.TokenEndpointAuthMethod = gatehouse.AuthMethodPost
		app.SecretHash = gatehouse.HashSecret(s.ClientSecret)
	}
	if strings.Contains(s.Scope, "openid") {
		app.OpenID.PostLogoutRedirectURIs = []string{s.PostLogoutRedirectURI(clientURL)}
	}
	return app
}
