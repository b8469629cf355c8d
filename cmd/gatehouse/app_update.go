package main

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse"
)

// lifetimeFlags are the flags for the token lifetimes of an app.
type lifetimeFlags struct{ access, refresh string }

func (l *lifetimeFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&l.access, "access-token-lifetime", "", "how long an access token is valid, such as 30m; default means the setting")
	cmd.Flags().StringVar(&l.refresh, "refresh-token-lifetime", "", "how long a refresh token is valid after its last use, such as 720h; default means the setting")
}

// apply sets the lifetimes of the flags that were given.
func (l *lifetimeFlags) apply(access, refresh *time.Duration) error {
	for _, flag := range []struct {
		name, value string
		lifetime    *time.Duration
	}{{"--access-token-lifetime", l.access, access}, {"--refresh-token-lifetime", l.refresh, refresh}} {
		switch flag.value {
		case "":
		case "default":
			*flag.lifetime = 0
		default:
			d, err := gatehouse.ParseLifetime(flag.value)
			if err != nil {
				return usagef("%s: %s To use the lifetime of the settings, write default.", flag.name, err.Error())
			}
			*flag.lifetime = d
		}
	}
	return nil
}

// appChanges are the flags of app update. Only the flags that were given change the app.
type appChanges struct {
	name, description, homepage, iconURL string
	callbackURLs, add, remove            []string
	trusted                              bool
	lifetimes                            lifetimeFlags
	openID                               openIDFlags
	access                               accessFlags
}

func (c *cli) appUpdateCommand() *cobra.Command {
	var changes appChanges
	var asJSON bool
	cmd := &cobra.Command{
		Use: "update CLIENT-ID", Short: "Change an app; only the given flags change", Args: exactly("CLIENT-ID"),
		Long: `Change an app. A field keeps its value if its flag is not given; an empty value
empties the field. The client ID, the type and the creator never change.

The app stays trusted, and users are not asked again, also if the callback URLs
change: this command has the rights of a System Admin.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			changed := func(flags ...string) bool { return slices.ContainsFunc(flags, cmd.Flags().Changed) }
			switch {
			case !changed(append(openIDFlagNames(), "group", "all-users", "name", "description", "homepage", "icon-url", "callback-url", "add-callback-url", "remove-callback-url", "trusted", "access-token-lifetime", "refresh-token-lifetime")...):
				return usagef("there is nothing to change; use at least one flag for a field")
			case changed("callback-url") && changed("add-callback-url", "remove-callback-url"):
				return usagef("--callback-url replaces all callback URLs, so it does not go together with --add-callback-url and --remove-callback-url")
			}
			if err := changes.access.check(); err != nil {
				return err
			}
			var access, refresh time.Duration
			if err := changes.lifetimes.apply(&access, &refresh); err != nil { // before the database is opened
				return err
			}
			return c.withTools(cmd.Context(), func(t tools) error {
				if _, err := t.findApp(cmd.Context(), args[0]); err != nil {
					return err
				}
				groups, err := t.findGroups(cmd.Context(), changes.access.groups)
				if err != nil {
					return err
				}
				app, err := t.apps.Update(cmd.Context(), args[0], "", func(a *gatehouse.App) error { return changes.apply(a, changed) })
				if err == nil {
					app, err = t.setAccess(cmd.Context(), app, changes.access, groups)
				}
				if err != nil {
					return err
				}
				if asJSON {
					return t.printAppJSON(cmd.Context(), c, app)
				}
				if err := c.printf("App %s was changed.\n\n", app.Name); err != nil {
					return err
				}
				return t.printApp(cmd.Context(), c, app, "")
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&changes.name, "name", "", "name that users see on the consent page")
	flags.StringArrayVar(&changes.callbackURLs, "callback-url", nil, "callback URL (redirect URI) that replaces all current ones; repeat the flag for more than one")
	flags.StringArrayVar(&changes.add, "add-callback-url", nil, "callback URL to add; repeat the flag for more than one")
	flags.StringArrayVar(&changes.remove, "remove-callback-url", nil, "callback URL to remove; repeat the flag for more than one")
	flags.StringVar(&changes.description, "description", "", "description of the app")
	flags.StringVar(&changes.homepage, "homepage", "", "URL of the app's website")
	flags.StringVar(&changes.iconURL, "icon-url", "", "URL of the app's icon")
	flags.BoolVar(&changes.trusted, "trusted", false, "users of the app never see the consent page; --trusted=false undoes that")
	changes.lifetimes.add(cmd)
	changes.openID.add(cmd)
	changes.access.add(cmd)
	addJSONFlag(cmd, &asJSON)
	return cmd
}

// apply changes the fields of an app whose flags were given.
func (c *appChanges) apply(app *gatehouse.App, changed func(flags ...string) bool) error {
	for _, field := range []struct {
		flag, value string
		target      *string
	}{{"name", c.name, &app.Name}, {"description", c.description, &app.Description}, {"homepage", c.homepage, &app.Homepage}, {"icon-url", c.iconURL, &app.IconURL}} {
		if changed(field.flag) {
			*field.target = strings.TrimSpace(field.value)
		}
	}
	if changed("trusted") {
		app.IsTrusted = c.trusted
	}
	if changed("callback-url") {
		app.RedirectURIs = slices.DeleteFunc(slices.Clone(c.callbackURLs), func(uri string) bool { return uri == "" })
	}
	for _, uri := range c.add {
		if !slices.Contains(app.RedirectURIs, uri) {
			app.RedirectURIs = append(app.RedirectURIs, uri)
		}
	}
	for _, uri := range c.remove {
		i := slices.Index(app.RedirectURIs, uri)
		if i < 0 {
			return usagef("--remove-callback-url: the app has no callback URL %q; `gatehouse app show %s` shows all of them", uri, app.ID)
		}
		app.RedirectURIs = slices.Delete(app.RedirectURIs, i, i+1)
	}
	c.openID.apply(&app.OpenID, changed)
	return c.lifetimes.apply(&app.AccessTokenLifetime, &app.RefreshTokenLifetime)
}
