package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse"
)

// deleteFlags are the flags of user delete.
type deleteFlags struct {
	appsTo     string
	deleteApps bool
	yes        bool
}

// deletedUserJSON is the output of user delete --json.
type deletedUserJSON struct {
	ID       string   `json:"id"`
	Username string   `json:"username"`
	Apps     []string `json:"apps"` // the client IDs of the apps that the user had registered
}

func (c *cli) userDeleteCommand() *cobra.Command {
	var flags deleteFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use: "delete USER", Short: "Delete a user for good", Args: exactly(userArgument),
		Long: `Delete a user for good, with all sessions, consents, codes and tokens. They stop working
immediately. To lock a user out and keep the account, use ` + "`gatehouse user deactivate`" + `.

The apps that the user registered keep working, without a creator: only System Admins
can manage them. --apps-to gives them to another user; --delete-apps deletes them, and
all their users lose access.

The ID is never used again, and the audit trail keeps it. The username and the email
can be given to another user, who gets another ID.

On a terminal, the command asks for the username. Otherwise it needs --yes.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if flags.deleteApps && flags.appsTo != "" {
				return usagef("use only one of --apps-to and --delete-apps")
			}
			if !flags.yes && !isTerminal(c.stdin) {
				return usagef("this command deletes the user for good; use --yes to confirm it")
			}
			return c.withTools(cmd.Context(), func(t tools) error {
				user, apps, err := c.deleteUser(cmd.Context(), t, args[0], flags)
				if err != nil {
					return err
				}
				if asJSON {
					output := deletedUserJSON{ID: user.ID, Username: user.Username, Apps: []string{}}
					for _, app := range apps {
						output.Apps = append(output.Apps, app.ID)
					}
					return c.printJSON(output)
				}
				return c.printf("%s\n", deletedMessage(user, len(apps), flags))
			})
		},
	}
	cmd.Flags().StringVar(&flags.appsTo, "apps-to", "", "user who manages the apps of the deleted user from now on")
	cmd.Flags().BoolVar(&flags.deleteApps, "delete-apps", false, "delete the apps that the user registered")
	cmd.Flags().BoolVar(&flags.yes, "yes", false, "confirm that the user is deleted for good")
	addJSONFlag(cmd, &asJSON)
	return cmd
}

// deleteUser asks for a confirmation if necessary, and deletes the user.
func (c *cli) deleteUser(ctx context.Context, t tools, reference string, flags deleteFlags) (gatehouse.User, []gatehouse.App, error) {
	user, err := t.findUser(ctx, reference)
	if err != nil {
		return user, nil, err
	}
	apps := gatehouse.AppsOfDeletedUser{Delete: flags.deleteApps}
	if flags.appsTo != "" {
		creator, err := t.findUser(ctx, flags.appsTo)
		switch {
		case err != nil:
			return user, nil, err
		case creator.ID == user.ID:
			return user, nil, usagef("--apps-to names the user who is deleted; name another user")
		}
		apps.NewCreatorID = creator.ID
	}
	if !flags.yes {
		if err := c.confirmDeletion(ctx, t, user, flags); err != nil {
			return user, nil, err
		}
	}
	list, err := t.users.DeleteUser(ctx, gatehouse.Caller{}, user.ID, apps)
	if errors.Is(err, gatehouse.ErrNewCreatorNotFound) {
		err = fmt.Errorf("the user %q is deactivated and cannot manage apps; choose another user for --apps-to", flags.appsTo)
	}
	return user, list, err
}

// confirmDeletion asks for the username. A word such as "yes" could be the next line of a
// text that was pasted into the terminal.
func (c *cli) confirmDeletion(ctx context.Context, t tools, user gatehouse.User, flags deleteFlags) error {
	details, err := t.details(ctx, user)
	if err != nil {
		return err
	}
	apps := "They stay without a creator."
	switch {
	case flags.deleteApps:
		apps = "They are deleted too, for all their users."
	case flags.appsTo != "":
		apps = "The user of --apps-to gets them."
	}
	c.complainf("User %s will be deleted for good.\n  Sessions              %d\n  Authorized apps       %d\n  Registered apps       %d. %s\nType the username to confirm: ",
		visible(user.Username), details.Sessions, details.AuthorizedApps, details.CreatedApps, apps)
	line, err := readLine(c.stdin)
	if err != nil {
		return fmt.Errorf("read the confirmation: %w", err)
	}
	if strings.TrimSpace(line) != user.Username {
		return errors.New("this is not the username; nothing was deleted")
	}
	return nil
}

// readLine reads one line and nothing after it: if several lines were pasted, the next ones
// are for the shell.
func readLine(r io.Reader) (string, error) {
	var line []byte
	for char := make([]byte, 1); ; {
		n, err := r.Read(char)
		switch {
		case n == 1 && char[0] != '\n':
			line = append(line, char[0])
		case n == 1 || errors.Is(err, io.EOF):
			return string(line), nil
		case err != nil:
			return "", err
		}
	}
}

// deletedMessage says what was deleted and what became of the apps.
func deletedMessage(user gatehouse.User, apps int, flags deleteFlags) string {
	switch {
	case apps == 0:
		return fmt.Sprintf("User %s was deleted.", user.Username)
	case flags.deleteApps:
		return fmt.Sprintf("User %s was deleted. %s", user.Username, plural(apps, "The app of the user was deleted too.", "The %d apps of the user were deleted too."))
	case flags.appsTo != "":
		return fmt.Sprintf("User %s was deleted. %s", user.Username, plural(apps, "The app of the user has a new creator.", "The %d apps of the user have a new creator."))
	}
	return fmt.Sprintf("User %s was deleted. %s", user.Username, plural(apps, "The app of the user stays without a creator.", "The %d apps of the user stay without a creator."))
}
