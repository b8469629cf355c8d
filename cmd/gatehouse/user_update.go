package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse"
)

// userDetails is a user with what belongs to the user.
type userDetails struct {
	userJSON
	FirstName      string `json:"first_name"`
	LastName       string `json:"last_name"`
	EmailVerified  bool   `json:"email_verified"`
	Sessions       int    `json:"sessions"`
	AuthorizedApps int    `json:"authorized_apps"` // to which the user has consented
	CreatedApps    int    `json:"created_apps"`    // that the user registered

	Groups []string `json:"groups"`
}

// details counts what belongs to a user.
func (t tools) details(ctx context.Context, user gatehouse.User) (userDetails, error) {
	d := userDetails{userJSON: newUserJSON(user), FirstName: user.FirstName, LastName: user.LastName, EmailVerified: user.EmailVerified}
	sessions, err := t.store.UserSessions(ctx, user.ID)
	if err != nil {
		return d, err
	}
	now := time.Now()
	for _, s := range sessions {
		if s.ExpiresAt.After(now) {
			d.Sessions++
		}
	}
	consents, err := allPages(func(offset, limit int) ([]gatehouse.ConsentedApp, error) {
		return t.store.UserConsents(ctx, user.ID, offset, limit)
	})
	if err != nil {
		return d, err
	}
	apps, err := allPages(func(offset, limit int) ([]gatehouse.App, error) {
		return t.store.Apps(ctx, gatehouse.AppQuery{CreatorID: user.ID, Offset: offset, Limit: limit})
	})
	if err != nil {
		return d, err
	}
	d.AuthorizedApps, d.CreatedApps = len(consents), len(apps)
	d.Groups, err = t.store.GroupNames(ctx, user.ID)
	return d, err
}

func (c *cli) printUser(u gatehouse.User, d userDetails) error {
	deactivated := ""
	if !u.Active() {
		deactivated = u.DeleteAt.UTC().Format(time.DateTime)
	}
	return c.printFields(
		[2]string{"ID", u.ID}, [2]string{"Username", u.Username}, [2]string{"Email", u.Email}, [2]string{"Email verified", yesNo(u.EmailVerified)},
		[2]string{"First name", u.FirstName}, [2]string{"Last name", u.LastName},
		[2]string{"System Admin", yesNo(u.IsSystemAdmin())}, [2]string{"Active", yesNo(u.Active())},
		[2]string{"Created", u.CreateAt.UTC().Format(time.DateTime)}, [2]string{"Deactivated", deactivated},
		[2]string{"Sessions", strconv.Itoa(d.Sessions)}, [2]string{"Authorized", plural(d.AuthorizedApps, "1 app", "%d apps")},
		[2]string{"Registered", plural(d.CreatedApps, "1 app", "%d apps")}, [2]string{"Groups", strings.Join(d.Groups, ", ")},
	)
}

func (c *cli) userShowCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show USER", Short: "Show a user", Args: exactly(userArgument),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withTools(cmd.Context(), func(t tools) error {
				user, err := t.findUser(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				details, err := t.details(cmd.Context(), user)
				if err != nil {
					return err
				}
				if asJSON {
					return c.printJSON(details)
				}
				return c.printUser(user, details)
			})
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

// emailVerifiedUsage is the help of the flag --email-verified.
const emailVerifiedUsage = "the email belongs to the user; some apps refuse users without a verified email"

func (c *cli) userUpdateCommand() *cobra.Command {
	var typed gatehouse.User
	var asJSON bool
	cmd := &cobra.Command{
		Use: "update USER", Short: "Change the username, the email or the name of a user", Args: exactly(userArgument),
		Long: `Change the username, the email or the name of a user. A field keeps its value if its
flag is not given. The ID does not change, so sessions and tokens keep working. A new
email counts as not verified, unless --email-verified is given too.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			changed := cmd.Flags().Changed
			details := slices.ContainsFunc([]string{"username", "email", "first-name", "last-name"}, changed)
			if !details && !changed("email-verified") {
				return usagef("there is nothing to change; use at least one flag for a field")
			}
			return c.withTools(cmd.Context(), func(t tools) error {
				user, err := t.findUser(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if details {
					user, err = t.users.UpdateUser(cmd.Context(), gatehouse.Caller{}, user.ID, func(u *gatehouse.User) error {
						for _, field := range []struct {
							flag, value string
							target      *string
						}{{"username", typed.Username, &u.Username}, {"email", typed.Email, &u.Email}, {"first-name", typed.FirstName, &u.FirstName}, {"last-name", typed.LastName, &u.LastName}} {
							if changed(field.flag) {
								*field.target = strings.TrimSpace(field.value)
							}
						}
						return nil
					})
				}
				if err == nil && changed("email-verified") {
					user, err = t.users.SetEmailVerified(cmd.Context(), gatehouse.Caller{}, user.ID, typed.EmailVerified)
				}
				if err != nil {
					return err
				}
				shown, err := t.details(cmd.Context(), user)
				if err != nil {
					return err
				}
				if asJSON {
					return c.printJSON(shown)
				}
				if err := c.printf("User %s was changed.\n\n", user.Username); err != nil {
					return err
				}
				return c.printUser(user, shown)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&typed.Username, "username", "", "username, with which the user signs in")
	flags.StringVar(&typed.Email, "email", "", "email address")
	flags.BoolVar(&typed.EmailVerified, "email-verified", false, emailVerifiedUsage)
	flags.StringVar(&typed.FirstName, "first-name", "", "first name")
	flags.StringVar(&typed.LastName, "last-name", "", "last name")
	addJSONFlag(cmd, &asJSON)
	return cmd
}
