package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse"
)

// accessFlags are the flags for who can use an app.
type accessFlags struct {
	groups   []string
	allUsers bool
}

func (f *accessFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.groups, "group", nil, "group whose members can use the app; replaces all current groups, and other users lose access immediately; repeat the flag for more than one")
	cmd.Flags().BoolVar(&f.allUsers, "all-users", false, "all users can use the app, which is the default")
}

func (f *accessFlags) check() error {
	if f.allUsers && len(f.groups) > 0 {
		return usagef("use only one of --group and --all-users")
	}
	return nil
}

// findGroups returns the groups with these names or ids.
func (t tools) findGroups(ctx context.Context, references []string) ([]gatehouse.Group, error) {
	var groups []gatehouse.Group
	for _, reference := range references {
		group, err := t.findGroup(ctx, reference)
		if err != nil {
			return nil, err
		}
		groups = append(groups, group)
	}
	return groups, nil
}

// setAccess changes who can use an app, as the flags say, and returns the app.
func (t tools) setAccess(ctx context.Context, app gatehouse.App, flags accessFlags, groups []gatehouse.Group) (gatehouse.App, error) {
	var err error
	switch {
	case flags.allUsers:
		err = t.groups.OpenToAll(ctx, gatehouse.Caller{}, app.ID)
	case len(groups) > 0:
		err = t.groups.OpenToGroups(ctx, gatehouse.Caller{}, app.ID, groups)
	default:
		return app, nil
	}
	if err != nil {
		return app, err
	}
	return t.findApp(ctx, app.ID)
}

// groupsOfApp returns the names of the groups that can use a restricted app.
func (t tools) groupsOfApp(ctx context.Context, app gatehouse.App) ([]string, error) {
	if !app.IsRestricted {
		return nil, nil
	}
	groups, err := allPages(func(offset, limit int) ([]gatehouse.Group, error) {
		return t.store.Groups(ctx, gatehouse.GroupQuery{AppID: app.ID, Offset: offset, Limit: limit})
	})
	var names []string
	for _, group := range groups {
		names = append(names, group.Name)
	}
	return names, err
}

// accessField is the field of an app that says who can use it.
func (t tools) accessField(ctx context.Context, app gatehouse.App) ([2]string, error) {
	names, err := t.groupsOfApp(ctx, app)
	switch {
	case err != nil:
		return [2]string{}, err
	case !app.IsRestricted:
		return [2]string{"Open to", "all users"}, nil
	case len(names) == 0:
		return [2]string{"Open to", "no user, because all its groups were deleted"}, nil
	}
	return [2]string{"Open to", "members of " + strings.Join(names, ", ")}, nil
}

func (t tools) printAppJSON(ctx context.Context, c *cli, app gatehouse.App) error {
	output := newAppJSON(app, "")
	var err error
	if output.Groups, err = t.groupsOfApp(ctx, app); err != nil {
		return err
	}
	return c.printJSON(output)
}
