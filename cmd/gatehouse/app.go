package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/registration"
)

func (c *cli) appCommand() *cobra.Command {
	return group("app", "Register and manage apps (OAuth clients)", "",
		c.appCreateCommand(), c.appListCommand(), c.appShowCommand(), c.appDeleteCommand(), c.appRegenerateSecretCommand())
}

// appJSON is an app in listings: the API's object, and its type, which the API
// does not tell (C 1.7).
type appJSON struct {
	web.AppJSON
	IsPublic bool `json:"is_public"`
}

func newAppJSON(a gatehouse.App, secret string) appJSON {
	return appJSON{AppJSON: web.NewAppJSON(a, secret), IsPublic: a.IsPublic}
}

func kindOf(a gatehouse.App) string {
	if a.IsPublic {
		return "public"
	}
	return "confidential"
}

func (c *cli) appCreateCommand() *cobra.Command {
	var app registration.NewApp
	var creator string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "create --name NAME --callback-url URL…", Short: "Register an app", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if app.Name == "" || len(app.RedirectURIs) == 0 {
				return usagef("--name and at least one --callback-url are needed")
			}
			return c.withTools(cmd.Context(), func(t tools) error {
				if creator != "" {
					user, err := t.findUser(cmd.Context(), creator)
					if err != nil {
						return err
					}
					app.CreatorID = user.ID
				}
				if app.Homepage == "" {
					app.Homepage = homepageOf(app.RedirectURIs[0])
				}
				created, secret, err := t.apps.Create(cmd.Context(), app, app.CreatorID)
				if err != nil {
					return err
				}
				return c.showApp(created, secret, asJSON)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&app.Name, "name", "", "name that people see when they are asked for consent")
	flags.StringArrayVar(&app.RedirectURIs, "callback-url", nil, "URL that receives the answer (the redirect URI); may be given several times")
	flags.StringVar(&app.Description, "description", "", "what the app is for")
	flags.StringVar(&app.Homepage, "homepage", "", "the app's site (default: the origin of the first callback URL)")
	flags.StringVar(&app.IconURL, "icon-url", "", "URL of an image")
	flags.BoolVar(&app.IsPublic, "public", false, "the app cannot keep a secret: it gets none, and must use PKCE")
	flags.BoolVar(&app.IsTrusted, "trusted", false, "never ask people for their consent")
	flags.StringVar(&creator, "creator", "", "user whom the app belongs to; without one, only System Admins can change it")
	addJSONFlag(cmd, &asJSON)
	return cmd
}

// homepageOf is the site that a callback URL is on, if it is on one.
func homepageOf(callbackURL string) string {
	origin := gatehouse.RedirectOrigin(callbackURL)
	if !strings.HasPrefix(origin, "http") {
		return ""
	}
	return origin
}

// showApp answers with an app and, when it was made just now, its secret.
func (c *cli) showApp(a gatehouse.App, secret string, asJSON bool) error {
	if asJSON {
		return c.printJSON(newAppJSON(a, secret))
	}
	lines := [][2]string{
		{"Name", a.Name}, {"Client ID", a.ID}, {"Client secret", secret}, {"Type", kindOf(a)}, {"Trusted", yesNo(a.IsTrusted)},
		{"Description", a.Description}, {"Homepage", a.Homepage}, {"Icon URL", a.IconURL}, {"Creator", a.CreatorID},
	}
	for _, uri := range a.RedirectURIs {
		lines = append(lines, [2]string{"Callback URL", uri})
	}
	for _, line := range lines {
		if line[1] == "" {
			continue
		}
		if err := c.printf("%-14s %s\n", line[0], line[1]); err != nil {
			return err
		}
	}
	if secret != "" {
		return c.printf("\nThe client secret is shown this once.\n")
	}
	return nil
}

func (c *cli) appListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List all apps", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withExisting(cmd.Context(), func(t tools) error {
				apps, err := everything(func(offset, limit int) ([]gatehouse.App, error) {
					return t.store.Apps(cmd.Context(), gatehouse.AppQuery{Offset: offset, Limit: limit})
				})
				if err != nil {
					return err
				}
				if asJSON {
					list := make([]appJSON, len(apps))
					for i, a := range apps {
						list[i] = newAppJSON(a, "")
					}
					return c.printJSON(list)
				}
				var rows [][]string
				for _, a := range apps {
					rows = append(rows, []string{a.Name, kindOf(a), yesNo(a.IsTrusted), a.ID})
				}
				return c.printTable("NAME | TYPE | TRUSTED | CLIENT ID", rows)
			})
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func (c *cli) appShowCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show CLIENT-ID", Short: "Show an app", Args: exactly("CLIENT-ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withExisting(cmd.Context(), func(t tools) error {
				app, err := t.findApp(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return c.showApp(app, "", asJSON)
			})
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func (c *cli) appDeleteCommand() *cobra.Command {
	return &cobra.Command{
		Use: "delete CLIENT-ID", Short: "Delete an app; every code and token of it ends at once", Args: exactly("CLIENT-ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withExisting(cmd.Context(), func(t tools) error {
				app, err := t.findApp(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if err := t.apps.Delete(cmd.Context(), app.ID, ""); err != nil {
					return err
				}
				return c.printf("App %s was deleted.\n", app.Name)
			})
		},
	}
}

func (c *cli) appRegenerateSecretCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "regenerate-secret CLIENT-ID", Short: "Replace an app's client secret; the old one ends at once", Args: exactly("CLIENT-ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withExisting(cmd.Context(), func(t tools) error {
				if _, err := t.findApp(cmd.Context(), args[0]); err != nil {
					return err
				}
				app, secret, err := t.apps.RegenerateSecret(cmd.Context(), args[0], "")
				if errors.Is(err, registration.ErrPublicClient) {
					return errors.New("the app is public: it has no client secret")
				}
				if err != nil {
					return err
				}
				return c.showApp(app, secret, asJSON)
			})
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}
