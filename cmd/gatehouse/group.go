package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"gatehouse"
)

func (c *cli) groupCommand() *cobra.Command {
	return group("group", "Create, change and delete groups of users", "",
		c.groupCreateCommand(), c.groupListCommand(), c.groupShowCommand(), c.groupUpdateCommand(), c.groupDeleteCommand(),
		c.groupAddCommand(), c.groupRemoveCommand())
}

const groupArgument = "GROUP (a name or an ID)"

// groupJSON is a group in the output of the commands.
type groupJSON struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	CreateAt    int64  `json:"create_at"`
	UpdateAt    int64  `json:"update_at"`
	MemberCount int64  `json:"member_count"`
	AppCount    int64  `json:"app_count"` // restricted apps that its members can use
}

func newGroupJSON(g gatehouse.Group, size gatehouse.GroupSize) groupJSON {
	return groupJSON{
		ID: g.ID, Name: g.Name, Description: g.Description, CreateAt: milliseconds(g.CreateAt), UpdateAt: milliseconds(g.UpdateAt),
		MemberCount: size.Members, AppCount: size.Apps,
	}
}

// groupDetails is a group with its members.
type groupDetails struct {
	groupJSON
	Members []string `json:"members"` // usernames
}

// printGroup prints a group with its members, after a message if it is not "".
func (t tools) printGroup(ctx context.Context, c *cli, group gatehouse.Group, asJSON bool, message string) error {
	sizes, err := t.store.GroupSizes(ctx, []string{group.ID})
	if err != nil {
		return err
	}
	details := groupDetails{groupJSON: newGroupJSON(group, sizes[group.ID]), Members: []string{}}
	members, err := allPages(func(offset, limit int) ([]gatehouse.User, error) {
		return t.store.GroupMembers(ctx, group.ID, offset, limit)
	})
	if err != nil {
		return err
	}
	for _, user := range members {
		details.Members = append(details.Members, user.Username)
	}
	if asJSON {
		return c.printJSON(details)
	}
	if message != "" {
		if err := c.printf("%s\n\n", message); err != nil {
			return err
		}
	}
	fields := [][2]string{
		{"ID", group.ID}, {"Name", group.Name}, {"Description", group.Description}, {"Created", group.CreateAt.UTC().Format(time.DateTime)},
		{"Members", strconv.FormatInt(details.MemberCount, 10)}, {"Can use", plural(int(details.AppCount), "1 restricted app", "%d restricted apps")},
	}
	for _, username := range details.Members {
		fields = append(fields, [2]string{"Member", username})
	}
	return c.printFields(fields...)
}

func (c *cli) groupCreateCommand() *cobra.Command {
	var name, description string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "create --name NAME", Short: "Create a group", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if name == "" {
				return usagef("--name is required")
			}
			return c.withTools(cmd.Context(), func(t tools) error {
				created, err := t.groups.Create(cmd.Context(), gatehouse.Caller{}, name, description)
				if err != nil {
					return err
				}
				return t.printGroup(cmd.Context(), c, created, asJSON, fmt.Sprintf("Group %s was created.", created.Name))
			})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "name, which apps read in the claim groups")
	cmd.Flags().StringVar(&description, "description", "", "description of the group")
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func (c *cli) groupListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List all groups", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withTools(cmd.Context(), func(t tools) error {
				list := []groupJSON{}
				_, err := allPages(func(offset, limit int) ([]gatehouse.Group, error) {
					groups, err := t.store.Groups(cmd.Context(), gatehouse.GroupQuery{Offset: offset, Limit: limit})
					if err != nil {
						return nil, err
					}
					var ids []string
					for _, g := range groups {
						ids = append(ids, g.ID)
					}
					sizes, err := t.store.GroupSizes(cmd.Context(), ids)
					for _, g := range groups {
						list = append(list, newGroupJSON(g, sizes[g.ID]))
					}
					return groups, err
				})
				if err != nil {
					return err
				}
				if asJSON {
					return c.printJSON(list)
				}
				var rows [][]string
				for _, g := range list {
					rows = append(rows, []string{g.Name, strconv.FormatInt(g.MemberCount, 10), strconv.FormatInt(g.AppCount, 10), g.ID})
				}
				return c.printTable([]string{"NAME", "MEMBERS", "APPS", "ID"}, rows)
			})
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func (c *cli) groupShowCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show GROUP", Short: "Show a group and its members", Args: exactly(groupArgument),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withTools(cmd.Context(), func(t tools) error {
				group, err := t.findGroup(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return t.printGroup(cmd.Context(), c, group, asJSON, "")
			})
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func (c *cli) groupUpdateCommand() *cobra.Command {
	var name, description string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "update GROUP", Short: "Change the name or the description of a group", Args: exactly(groupArgument),
		Long: `Change the name or the description of a group. A field keeps its value if its flag is not
given. The ID does not change, and the members keep their access. Apps see the new name
in the claim groups: change it there too, where the app gives rights to a group.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			changesName, changesDescription := cmd.Flags().Changed("name"), cmd.Flags().Changed("description")
			if !changesName && !changesDescription {
				return usagef("there is nothing to change; use at least one flag for a field")
			}
			return c.withTools(cmd.Context(), func(t tools) error {
				group, err := t.findGroup(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				group, err = t.groups.Update(cmd.Context(), gatehouse.Caller{}, group.ID, func(g *gatehouse.Group) {
					if changesName {
						g.Name = name
					}
					if changesDescription {
						g.Description = description
					}
				})
				if err != nil {
					return err
				}
				return t.printGroup(cmd.Context(), c, group, asJSON, fmt.Sprintf("Group %s was changed.", group.Name))
			})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "name, which apps read in the claim groups")
	cmd.Flags().StringVar(&description, "description", "", "description of the group")
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func (c *cli) groupDeleteCommand() *cobra.Command {
	return &cobra.Command{
		Use: "delete GROUP", Short: "Delete a group; its members keep their accounts", Args: exactly(groupArgument),
		Long: `Delete a group. Its members keep their accounts. An app that only this group can use is
then open to no user: it does not become open to all users. Codes and tokens of users who
lose access to an app stop working immediately.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withTools(cmd.Context(), func(t tools) error {
				group, err := t.findGroup(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if err := t.groups.Delete(cmd.Context(), gatehouse.Caller{}, group.ID); err != nil {
					return err
				}
				return c.printf("Group %s was deleted.\n", group.Name)
			})
		},
	}
}

func (c *cli) groupAddCommand() *cobra.Command {
	return c.groupMemberCommand("add", "Add a user to a group", "User %s is now in group %s.\n", func(ctx context.Context, t tools, group gatehouse.Group, user gatehouse.User) error {
		err := t.groups.AddMember(ctx, gatehouse.Caller{}, group, user)
		if errors.Is(err, gatehouse.ErrConflict) {
			return fmt.Errorf("the user %q is already in group %s", user.Username, group.Name)
		}
		return err
	})
}

func (c *cli) groupRemoveCommand() *cobra.Command {
	return c.groupMemberCommand("remove", "Remove a user from a group; apps that only the group can use lose access immediately", "User %s is no longer in group %s.\n", func(ctx context.Context, t tools, group gatehouse.Group, user gatehouse.User) error {
		err := t.groups.RemoveMember(ctx, gatehouse.Caller{}, group, user)
		if errors.Is(err, gatehouse.ErrNotFound) {
			return fmt.Errorf("the user %q is not in group %s", user.Username, group.Name)
		}
		return err
	})
}

// groupMemberCommand returns a command that changes one member of a group. It prints done
// with the username and the name of the group.
func (c *cli) groupMemberCommand(name, short, done string, change func(ctx context.Context, t tools, group gatehouse.Group, user gatehouse.User) error) *cobra.Command {
	return &cobra.Command{
		Use: name + " GROUP USER", Short: short, Args: exactly(groupArgument, userArgument),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withTools(cmd.Context(), func(t tools) error {
				group, err := t.findGroup(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				user, err := t.findUser(cmd.Context(), args[1])
				if err != nil {
					return err
				}
				if err := change(cmd.Context(), t, group, user); err != nil {
					return err
				}
				return c.printf(done, user.Username, group.Name)
			})
		},
	}
}
