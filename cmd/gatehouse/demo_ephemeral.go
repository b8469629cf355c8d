package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gatehouse"
	"gatehouse/registration"
	"gatehouse/server"
)

// ephemeralJSON is the line that demo --ephemeral prints when it is ready. It only ever
// gets more members.
type ephemeralJSON struct {
	Issuer string              `json:"issuer"`
	Apps   []ephemeralAppJSON  `json:"apps"`
	Users  []ephemeralUserJSON `json:"users"`
}

type ephemeralAppJSON struct {
	Name         string   `json:"name"`
	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret"` // "" for a public app
	IsPublic     bool     `json:"is_public"`
	IsTrusted    bool     `json:"is_trusted"`    // its users are never asked for consent
	RedirectURIs []string `json:"redirect_uris"` // the app can also use them as post-logout redirect URIs
}

type ephemeralUserJSON struct {
	Username string `json:"username"`
	Email    string `json:"email"`
	Password string `json:"password"`
	IsAdmin  bool   `json:"is_system_admin"`
}

// ephemeralDemo runs the gateway of the demo for the tests of a client.
func (c *cli) ephemeralDemo(ctx context.Context, flags demoFlags) (err error) {
	if err := checkDemoAddress("--listen", flags.listen); err != nil {
		return err
	}
	description, apps, err := describeEphemeral(flags.callbackURLs)
	if err != nil {
		return err
	}
	cfg := demoConfig(flags)
	log := c.newLog(cfg)
	l, err := listen(ctx, flags.listen, "--listen")
	if err != nil {
		return err
	}
	listener := server.Listener{Listener: l}
	siteURL := browserURL(l)
	description.Issuer = siteURL.String()
	store, err := openMigrated(ctx, cfg, log)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	g, err := newDemoGateway(cfg, siteURL, store, log)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	if err := fillDemo(ctx, store, g.Users, apps); err != nil {
		return errors.Join(fmt.Errorf("fill the demo: %w", err), l.Close())
	}
	line, err := json.Marshal(description)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	listener.Handler = g.Handler
	var printed error
	err = runDemo(ctx, g, log, func() { printed = c.printf("%s\n", string(line)) }, listener)
	return errors.Join(err, printed)
}

// describeEphemeral returns the apps and users of the demo, with the callback URLs of the
// client that is tested.
func describeEphemeral(callbackURLs []string) (ephemeralJSON, []gatehouse.App, error) {
	if len(callbackURLs) == 0 { // Any port matches (RFC 8252 §7.3).
		callbackURLs = []string{"http://127.0.0.1/callback", "http://localhost/callback"}
	}
	var description ephemeralJSON
	var apps []gatehouse.App
	for _, s := range demoScenarios() {
		app := demoApp(s, "http://localhost")
		usable := callbackURLs
		if !app.IsPublic { // Only a public app can have a private-use scheme.
			usable = slices.DeleteFunc(slices.Clone(callbackURLs), func(u string) bool {
				return gatehouse.CheckRedirectURI(u, true) == nil && gatehouse.CheckRedirectURI(u, false) != nil
			})
		}
		if len(usable) == 0 {
			continue
		}
		app.RedirectURIs, app.OpenID.PostLogoutRedirectURIs = usable, usable
		if broken := registration.CheckAll(app); len(broken) > 0 {
			var messages []string
			for _, e := range broken {
				messages = append(messages, e.Message)
			}
			return description, nil, usagef("--callback-url: %s", strings.Join(messages, " "))
		}
		apps = append(apps, app)
		description.Apps = append(description.Apps, ephemeralAppJSON{
			Name: app.Name, ClientID: app.ID, ClientSecret: s.ClientSecret, IsPublic: app.IsPublic, IsTrusted: app.IsTrusted, RedirectURIs: app.RedirectURIs,
		})
	}
	ada, bob := demoUsers()
	for _, u := range []demoUser{ada, bob} {
		description.Users = append(description.Users, ephemeralUserJSON{Username: u.name, Email: u.user().Email, Password: u.password, IsAdmin: u.admin})
	}
	return description, apps, nil
}
