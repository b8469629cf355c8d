package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse"
)

func (c *cli) userCommand() *cobra.Command {
	return group("user", "Create, change and delete users", "",
		c.userCreateCommand(), c.userListCommand(), c.userShowCommand(), c.userUpdateCommand(), c.userDeleteCommand(), c.userSetPasswordCommand(),
		c.userChangeCommand("promote", "Make a user a System Admin", "User %s is now a System Admin.\n", func(ctx context.Context, t tools, id string) error {
			return t.users.SetSystemAdmin(ctx, gatehouse.Caller{}, id, true)
		}),
		c.userChangeCommand("demote", "Remove the System Admin role from a user", "User %s is no longer a System Admin.\n", func(ctx context.Context, t tools, id string) error {
			return t.users.SetSystemAdmin(ctx, gatehouse.Caller{}, id, false)
		}),
		c.userChangeCommand("deactivate", "Deactivate a user; sessions and tokens stop working immediately", "User %s was deactivated.\n", func(ctx context.Context, t tools, id string) error {
			return t.users.SetActive(ctx, gatehouse.Caller{}, id, false)
		}),
		c.userChangeCommand("activate", "Activate a user, who can then sign in again", "User %s was activated.\n", func(ctx context.Context, t tools, id string) error {
			return t.users.SetActive(ctx, gatehouse.Caller{}, id, true)
		}),
	)
}

// userJSON is a user in the output of the commands. The names are the API's.
type userJSON struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Email    string `json:"email"`
	Roles    string `json:"roles"`
	CreateAt int64  `json:"create_at"`
	DeleteAt int64  `json:"delete_at"`          // 0 while the user is active
	Password string `json:"password,omitempty"` // only if the command generated it
}

func newUserJSON(u gatehouse.User) userJSON {
	return userJSON{ID: u.ID, Username: u.Username, Email: u.Email, Roles: strings.Join(u.Roles, " "), CreateAt: milliseconds(u.CreateAt), DeleteAt: milliseconds(u.DeleteAt)}
}

func (c *cli) userCreateCommand() *cobra.Command {
	var user gatehouse.User
	var password passwordFlags
	var admin, asJSON bool
	cmd := &cobra.Command{
		Use: "create --username NAME --email ADDRESS", Short: "Create a user", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if user.Username == "" || user.Email == "" {
				return usagef("--username and --email are required")
			}
			if err := password.check(); err != nil {
				return err
			}
			if admin {
				user.Roles = []string{gatehouse.RoleSystemUser, gatehouse.RoleSystemAdmin}
			}
			return c.withTools(cmd.Context(), func(t tools) error {
				value, generated, err := c.password(password)
				if err != nil {
					return err
				}
				created, err := t.users.CreateUser(cmd.Context(), gatehouse.Caller{}, user, value)
				if err != nil {
					return err
				}
				output := newUserJSON(created)
				message := "User %s was created.\n\n"
				if generated {
					output.Password = value
					message = "User %s was created. Copy the password now: it is stored only as a hash, so it can't be shown again.\n\n"
				}
				if asJSON {
					return c.printJSON(output)
				}
				if err := c.printf(message, created.Username); err != nil {
					return err
				}
				return c.printFields([2]string{"ID", output.ID}, [2]string{"Password", output.Password})
			})
		},
	}
	cmd.Flags().StringVar(&user.Username, "username", "", "username, with which the user signs in")
	cmd.Flags().StringVar(&user.Email, "email", "", "email address")
	cmd.Flags().BoolVar(&user.EmailVerified, "email-verified", false, emailVerifiedUsage)
	cmd.Flags().BoolVar(&admin, "admin", false, "make the user a System Admin")
	password.add(cmd)
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func (c *cli) userListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List all users", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withTools(cmd.Context(), func(t tools) error {
				users, err := allPages(func(offset, limit int) ([]gatehouse.User, error) {
					return t.store.SearchUsers(cmd.Context(), "", offset, limit)
				})
				if err != nil {
					return err
				}
				if asJSON {
					list := make([]userJSON, len(users))
					for i, u := range users {
						list[i] = newUserJSON(u)
					}
					return c.printJSON(list)
				}
				var rows [][]string
				for _, u := range users {
					rows = append(rows, []string{u.Username, u.Email, yesNo(u.IsSystemAdmin()), yesNo(u.Active()), u.ID})
				}
				return c.printTable([]string{"USERNAME", "EMAIL", "SYSTEM ADMIN", "ACTIVE", "ID"}, rows)
			})
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

const userArgument = "USER (a username, an email or an ID)"

func (c *cli) userSetPasswordCommand() *cobra.Command {
	var password passwordFlags
	cmd := &cobra.Command{
		Use: "set-password USER", Short: "Set a user's password; sessions and tokens stop working immediately", Args: exactly(userArgument),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := password.check(); err != nil {
				return err
			}
			return c.withTools(cmd.Context(), func(t tools) error {
				user, err := t.findUser(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				value, generated, err := c.password(password)
				if err != nil {
					return err
				}
				if err := t.users.SetPassword(cmd.Context(), gatehouse.Caller{}, user.ID, value); err != nil {
					return err
				}
				if !generated {
					return c.printf("The password of user %s was changed.\n", user.Username)
				}
				err = c.printf("The password of user %s was changed. Copy the new one now: it is stored only as a hash, so it can't be shown again.\n\n", user.Username)
				return errors.Join(err, c.printFields([2]string{"Password", value}))
			})
		},
	}
	password.add(cmd)
	return cmd
}

// userChangeCommand returns a command that changes one user. It prints done with the
// username.
func (c *cli) userChangeCommand(name, short, done string, change func(ctx context.Context, t tools, id string) error) *cobra.Command {
	return &cobra.Command{
		Use: name + " USER", Short: short, Args: exactly(userArgument),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withTools(cmd.Context(), func(t tools) error {
				user, err := t.findUser(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if err := change(cmd.Context(), t, user.ID); err != nil {
					return err
				}
				return c.printf(done, user.Username)
			})
		},
	}
}
