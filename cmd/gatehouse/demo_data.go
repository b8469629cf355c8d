package main

import (
	"context"
	"errors"
	"time"

	"gatehouse"
	"gatehouse/account"
	"gatehouse/examples/client/relyingparty"
	"gatehouse/storage"
)

// demoUser is a person whom everybody may be.
type demoUser struct {
	name, firstName, lastName, password string
	admin                               bool
}

// demoUsers are a System Admin and an ordinary user.
func demoUsers() (ada, bob demoUser) {
	return demoUser{name: "ada", firstName: "Ada", lastName: "Adams", password: "ada-the-admin", admin: true},
		demoUser{name: "bob", firstName: "Bob", lastName: "Brown", password: "bob-the-user"}
}

// demoScenarios are the demo's apps as the sample client uses them. The ids and
// secrets stay the same, so that a client under development keeps working.
func demoScenarios() []relyingparty.Scenario {
	return []relyingparty.Scenario{
		{
			Slug: "confidential", Name: "Confidential app", ClientID: "democonfidential0000000000", ClientSecret: "demo-secret-confidential",
			Description: "An app with a server that keeps a client secret: authorization code, refresh tokens. You are asked for consent the first time.",
		},
		{
			Slug: "public", Name: "Public app", ClientID: "demopublic0000000000000000", Public: true,
			Description: "An app on a phone or in a browser, which cannot keep a secret: authorization code with PKCE, no refresh token.",
		},
		{
			Slug: "trusted", Name: "Trusted app", ClientID: "demotrusted000000000000000", ClientSecret: "demo-secret-trusted", Trusted: true,
			Description: "An app of your own organisation that a System Admin marked as trusted: you are never asked for consent.",
		},
		{
			Slug: "implicit", Name: "Implicit app", ClientID: "demoimplicit00000000000000", Public: true, Implicit: true,
			Description: "An old single-page app that gets its token in the URL. Not recommended for anything new.",
		},
	}
}

// fillDemo makes the users and apps that are not there yet, turns both switches
// on, and returns what the sample client can do.
func fillDemo(ctx context.Context, store *storage.Store, people *account.Users, clientURL string) ([]relyingparty.Scenario, error) {
	ada, bob := demoUsers()
	for _, u := range []demoUser{ada, bob} {
		user := gatehouse.User{Username: u.name, Email: u.name + "@example.com", FirstName: u.firstName, LastName: u.lastName}
		if u.admin {
			user.Roles = []string{gatehouse.RoleSystemUser, gatehouse.RoleSystemAdmin}
		}
		if _, err := people.CreateUser(ctx, gatehouse.Caller{}, user, u.password); err != nil && !errors.Is(err, gatehouse.ErrUsernameTaken) {
			return nil, err
		}
	}
	admin, err := store.UserByLogin(ctx, ada.name)
	if err != nil {
		return nil, err
	}
	for _, s := range demoScenarios() {
		if err := store.CreateApp(ctx, demoApp(s, admin.ID, clientURL)); err != nil && !errors.Is(err, gatehouse.ErrConflict) {
			return nil, err
		}
	}
	on := map[string]string{gatehouse.SettingEnableOAuthServiceProvider: "true", gatehouse.SettingEnableDynamicClientRegistration: "true"}
	if err := store.SetSettings(ctx, on, admin.ID, time.Now()); err != nil {
		return nil, err
	}
	return demoScenarios(), nil
}

// demoApp is the app of a scenario. It goes around registration.Service, which
// makes up ids and secrets; the test checks it by that package's rules.
func demoApp(s relyingparty.Scenario, creatorID, clientURL string) gatehouse.App {
	now := time.Now()
	app := gatehouse.App{
		ID: s.ClientID, CreatorID: creatorID, Name: s.Name, Description: s.Description, Homepage: clientURL,
		RedirectURIs: []string{s.RedirectURI(clientURL)}, IsTrusted: s.Trusted, IsPublic: s.Public,
		TokenEndpointAuthMethod: gatehouse.AuthMethodNone, CreateAt: now, UpdateAt: now,
	}
	if !s.Public {
		app.TokenEndpointAuthMethod = gatehouse.AuthMethodPost
		app.SecretHash = gatehouse.HashSecret(s.ClientSecret)
	}
	return app
}
