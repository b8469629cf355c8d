package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/registration"
	"gatehouse/templates"
)

func (c *cli) appCommand() *cobra.Command {
	return group("app", "Register and manage apps (OAuth clients)", "",
		c.appCreateCommand(), c.appListCommand(), c.appShowCommand(), c.appUpdateCommand(), c.appDeleteCommand(), c.appRegenerateSecretCommand())
}

// appJSON is an app in the output of the commands: the API's app object (C 1.7) and
// is_public, which the API does not have.
type appJSON struct {
	web.AppJSON
	IsPublic bool `json:"is_public"`
	// IsRestricted means that only the members of Groups can use the app. Only the commands
	// that print one app read Groups.
	IsRestricted bool     `json:"is_restricted"`
	Groups       []string `json:"groups,omitempty"`
}

func newAppJSON(a gatehouse.App, secret string) appJSON {
	return appJSON{AppJSON: web.NewAppJSON(a, secret), IsPublic: a.IsPublic, IsRestricted: a.IsRestricted}
}

func appType(a gatehouse.App) string {
	if a.IsPublic {
		return "public"
	}
	return "confidential"
}

func (c *cli) appCreateCommand() *cobra.Command {
	var app registration.NewApp
	var creator string
	var lifetimes lifetimeFlags
	var openID openIDFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use: "create --name NAME --callback-url URL…", Short: "Register an app", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if app.Name == "" || len(app.RedirectURIs) == 0 {
				return usagef("--name and at least one --callback-url are required")
			}
			if err := lifetimes.apply(&app.AccessTokenLifetime, &app.RefreshTokenLifetime); err != nil {
				return err
			}
			return c.withTools(cmd.Context(), func(t tools) error {
				settings, err := t.store.Settings(cmd.Context())
				if err != nil {
					return err
				}
				app.OpenID = settings.OpenIDOfNewApp()
				openID.apply(&app.OpenID, func(flags ...string) bool { return slices.ContainsFunc(flags, cmd.Flags().Changed) })
				if creator != "" {
					user, err := t.findUser(cmd.Context(), creator)
					if err != nil {
						return err
					}
					app.CreatorID = user.ID
				}
				if app.Homepage == "" {
					app.Homepage = origin(app.RedirectURIs[0])
				}
				created, secret, err := t.apps.Create(cmd.Context(), app, app.CreatorID)
				if err != nil {
					return err
				}
				if asJSON {
					return c.printJSON(newAppJSON(created, secret))
				}
				message := "App %s was created. Copy the client secret now: it is stored only as a hash, so it can't be shown again.\n\n"
				if created.IsPublic {
					message = "App %s was created.\n\n"
				}
				return errors.Join(c.printf(message, created.Name), t.printApp(cmd.Context(), c, created, secret))
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&app.Name, "name", "", "name that users see on the consent page")
	flags.StringArrayVar(&app.RedirectURIs, "callback-url", nil, "callback URL (redirect URI), to which codes are sent; repeat the flag for more than one")
	flags.StringVar(&app.Description, "description", "", "description of the app")
	flags.StringVar(&app.Homepage, "homepage", "", "URL of the app's website (default: the origin of the first callback URL)")
	flags.StringVar(&app.IconURL, "icon-url", "", "URL of the app's icon")
	flags.BoolVar(&app.IsPublic, "public", false, "the app can't keep a secret, so it gets no client secret and must use PKCE")
	flags.BoolVar(&app.IsTrusted, "trusted", false, "users of the app never see the consent page")
	flags.StringVar(&creator, "creator", "", "user who can manage the app (default: only System Admins can manage it)")
	lifetimes.add(cmd)
	openID.add(cmd)
	addJSONFlag(cmd, &asJSON)
	return cmd
}

// origin returns the origin of a callback URL, or "" if its scheme is not http or https.
func origin(callbackURL string) string {
	o := gatehouse.RedirectOrigin(callbackURL)
	if !strings.HasPrefix(o, "http") {
		return ""
	}
	return o
}

// printApp prints an app. The lifetimes are those that apply, with their origin.
func (t tools) printApp(ctx context.Context, c *cli, a gatehouse.App, secret string) error {
	settings, err := t.store.Settings(ctx)
	if err != nil {
		return err
	}
	fields := [][2]string{
		{"Name", a.Name}, {"Client ID", a.ID}, {"Client secret", secret}, {"Type", appType(a)}, {"Trusted", yesNo(a.IsTrusted)},
		{"Description", a.Description}, {"Homepage", a.Homepage}, {"Icon URL", a.IconURL}, {"Creator", a.CreatorID},
	}
	for _, uri := range a.RedirectURIs {
		fields = append(fields, [2]string{"Callback URL", uri})
	}
	accessToken := "valid for %s, as the settings say"
	if a.AccessTokenLifetime != 0 {
		accessToken = "valid for %s, set for this app"
	}
	refresh := "valid for %s after the last use, as the settings say"
	if a.RefreshTokenLifetime != 0 {
		refresh = "valid for %s after the last use, set for this app"
	}
	fields = append(fields, [2]string{"Access token", fmt.Sprintf(accessToken, templates.Lifetime(settings.AccessTokenLifetimeFor(a, false)))})
	if !a.IsPublic {
		fields = append(fields, [2]string{"Refresh token", fmt.Sprintf(refresh, templates.Lifetime(settings.RefreshTokenLifetimeFor(a)))})
	}
	access, err := t.accessField(ctx, a)
	if err != nil {
		return err
	}
	fields = append(fields, access)
	return c.printFields(append(fields, openIDFields(a.OpenID)...)...)
}

func (c *cli) appListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List all apps", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withTools(cmd.Context(), func(t tools) error {
				apps, err := allPages(func(offset, limit int) ([]gatehouse.App, error) {
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
					rows = append(rows, []string{a.Name, appType(a), yesNo(a.IsTrusted), a.ID})
				}
				return c.printTable([]string{"NAME", "TYPE", "TRUSTED", "CLIENT ID"}, rows)
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
			return c.withTools(cmd.Context(), func(t tools) error {
				app, err := t.findApp(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if asJSON {
					return t.printAppJSON(cmd.Context(), c, app)
				}
				return t.printApp(cmd.Context(), c, app, "")
			})
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func (c *cli) appDeleteCommand() *cobra.Command {
	return &cobra.Command{
		Use: "delete CLIENT-ID", Short: "Delete an app; its codes and tokens stop working immediately", Args: exactly("CLIENT-ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withTools(cmd.Context(), func(t tools) error {
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
		Use: "regenerate-secret CLIENT-ID", Short: "Replace the client secret of an app; the current secret stops working immediately", Args: exactly("CLIENT-ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withTools(cmd.Context(), func(t tools) error {
				app, err := t.findApp(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				changed, secret, err := t.apps.RegenerateSecret(cmd.Context(), app.ID, "")
				if errors.Is(err, registration.ErrPublicClient) {
					return fmt.Errorf("app %s is public, so it has no client secret", app.Name)
				}
				if err != nil {
					return err
				}
				if asJSON {
					return c.printJSON(newAppJSON(changed, secret))
				}
				err = c.printf("The client secret of app %s was replaced. Copy the new one now: it is stored only as a hash, so it can't be shown again.\n\n", app.Name)
				return errors.Join(err, t.printApp(cmd.Context(), c, changed, secret))
			})
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}
