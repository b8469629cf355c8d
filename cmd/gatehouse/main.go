package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// Exit statuses.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// cli has the environment and the streams of the process, which every command uses.
type cli struct {
	environ        []string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// run runs a command line and returns the exit status.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := &cli{environ: environ, stdin: stdin, stdout: stdout, stderr: stderr}
	root := c.rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	command, err := root.ExecuteContextC(ctx)
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		c.complainf("gatehouse: %s\nRun '%s --help' for usage.\n", visibleLines(usage.message), command.CommandPath())
		return exitUsage
	default:
		c.complainf("gatehouse: %s\n", visibleLines(explain(err)))
		return exitFailure
	}
}

// usageError means that the command line is not valid.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

func (c *cli) rootCommand() *cobra.Command {
	root := group("gatehouse", "A self-hosted OAuth 2.0 gateway", `Gatehouse signs users in and lets apps act for them with OAuth 2.0.

To try it:        gatehouse demo
To run it:        gatehouse serve
To configure it:  gatehouse help environment`,
		c.serveCommand(), c.demoCommand(), c.migrateCommand(), c.backupCommand(), c.restoreCommand(), c.migrateDataCommand(), c.userCommand(), c.groupCommand(), c.appCommand(), c.settingsCommand(), c.keysCommand(),
		c.healthcheckCommand(), c.doctorCommand(), c.versionCommand(), c.completionCommand(), environmentTopic())
	root.CompletionOptions.DisableDefaultCmd = true // completionCommand replaces it
	root.Version = readVersion().String()
	root.SetVersionTemplate("{{.Version}}\n")
	completeNoFiles(root)
	root.SilenceErrors, root.SilenceUsage = true, true // run prints the error
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err.Error()} })
	return root
}

// group returns a command that only has sub-commands.
func group(use, short, long string, commands ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use: use, Short: short, Long: long,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			typed := cmd.CommandPath() + " " + args[0]
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				return usagef("the command %q does not exist; did you mean %q?", typed, cmd.CommandPath()+" "+near[0])
			}
			return usagef("the command %q does not exist", typed)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.HasParent() {
				return cmd.Help()
			}
			return usagef("%q needs a sub-command", cmd.CommandPath())
		},
		SuggestionsMinimumDistance: 2,
	}
	g.AddCommand(commands...)
	return g
}

// exactly accepts one argument for each name.
func exactly(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usagef("%s is missing", names[len(args)])
		case len(args) > len(names):
			return usagef("too many arguments: %q is not expected", args[len(names)])
		}
		return nil
	}
}
