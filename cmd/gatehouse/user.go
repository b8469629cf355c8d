package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse"
)

func (c *cli) userCommand() *cobra.Command {
	return group("user", "Make and change people's accounts", "",
		c.userCreateCommand(), c.userListCommand(), c.userSetPasswordCommand(),
		c.userChangeCommand("promote", "Make a user a System Admin", "is a System Admin now", func(ctx context.Context, t tools, id string) error {
			return t.users.SetSystemAdmin(ctx, gatehouse.Caller{}, id, true)
		}),
		c.userChangeCommand("demote", "Take the System Admin's role from a user", "is no System Admin any more", func(ctx context.Context, t tools, id string) error {
			return t.users.SetSystemAdmin(ctx, gatehouse.Caller{}, id, false)
		}),
		c.userChangeCommand("deactivate", "Lock a user out; their sessions and tokens end at once", "is deactivated", func(ctx context.Context, t tools, id string) error {
			return t.users.SetActive(ctx, gatehouse.Caller{}, id, false)
		}),
		c.userChangeCommand("activate", "Let a user in again", "is active", func(ctx context.Context, t tools, id string) error {
			return t.users.SetActive(ctx, gatehouse.Caller{}, id, true)
		}),
	)
}

// userJSON is a user in listings, in the words of the API.
type userJSON struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Email    string `json:"email"`
	Roles    string `json:"roles"`
	CreateAt int64  `json:"create_at"`
	DeleteAt int64  `json:"delete_at"`          // 0 while the user is active
	Password string `json:"password,omitempty"` // if it was made up for them just now
}

func newUserJSON(u gatehouse.User) userJSON {
	return userJSON{ID: u.ID, Username: u.Username, Email: u.Email, Roles: strings.Join(u.Roles, " "), CreateAt: milliseconds(u.CreateAt), DeleteAt: milliseconds(u.DeleteAt)}
}

func (c *cli) userCreateCommand() *cobra.Command {
	var user gatehouse.User
	var password passwordFlags
	var admin, asJSON bool
	cmd := &cobra.Command{
		Use: "create --username NAME --email ADDRESS", Short: "Make an account", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if user.Username == "" || user.Email == "" {
				return usagef("--username and --email are needed")
			}
			if admin {
				user.Roles = []string{gatehouse.RoleSystemUser, gatehouse.RoleSystemAdmin}
			}
			return c.withTools(cmd.Context(), func(t tools) error {
				secret, madeUp, err := c.password(password)
				if err != nil {
					return err
				}
				created, err := t.users.CreateUser(cmd.Context(), gatehouse.Caller{}, user, secret)
				if err != nil {
					return err
				}
				answer := newUserJSON(created)
				if madeUp {
					answer.Password = secret
				}
				if asJSON {
					return c.printJSON(answer)
				}
				if err := c.printf("User %s was made, with the id %s.\n", created.Username, created.ID); err != nil {
					return err
				}
				return c.showMadeUp(answer.Password)
			})
		},
	}
	cmd.Flags().StringVar(&user.Username, "username", "", "what the user signs in with")
	cmd.Flags().StringVar(&user.Email, "email", "", "their email address")
	cmd.Flags().BoolVar(&admin, "admin", false, "make them a System Admin")
	password.add(cmd)
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func (c *cli) showMadeUp(password string) error {
	if password == "" {
		return nil
	}
	return c.printf("The password is %s\nIt is shown this once.\n", password)
}

func (c *cli) userListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List all users", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withExisting(cmd.Context(), func(t tools) error {
				users, err := everything(func(offset, limit int) ([]gatehouse.User, error) {
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
				return c.printTable("USERNAME | EMAIL | ADMIN | ACTIVE | ID", rows)
			})
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

const userArgument = "USER (a username, an email or an id)"

func (c *cli) userSetPasswordCommand() *cobra.Command {
	var password passwordFlags
	cmd := &cobra.Command{
		Use: "set-password USER", Short: "Give a user a new password; their sessions and tokens end at once", Args: exactly(userArgument),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withExisting(cmd.Context(), func(t tools) error {
				user, err := t.findUser(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				secret, madeUp, err := c.password(password)
				if err != nil {
					return err
				}
				if err := t.users.SetPassword(cmd.Context(), gatehouse.Caller{}, user.ID, secret); err != nil {
					return err
				}
				if !madeUp {
					secret = ""
				}
				if err := c.printf("User %s has a new password.\n", user.Username); err != nil {
					return err
				}
				return c.showMadeUp(secret)
			})
		},
	}
	password.add(cmd)
	return cmd
}

// userChangeCommand is a command that does one thing to one user.
func (c *cli) userChangeCommand(name, short, done string, change func(ctx context.Context, t tools, id string) error) *cobra.Command {
	return &cobra.Command{
		Use: name + " USER", Short: short, Args: exactly(userArgument),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withExisting(cmd.Context(), func(t tools) error {
				user, err := t.findUser(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if err := change(cmd.Context(), t, user.ID); err != nil {
					return err
				}
				return c.printf("User %s %s.\n", user.Username, done)
			})
		},
	}
}
