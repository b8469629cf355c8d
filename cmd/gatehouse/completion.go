package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// shells are the shells for which there is a completion script.
func shells() []cobra.Completion { return []cobra.Completion{"bash", "zsh", "fish", "powershell"} }

func (c *cli) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "completion SHELL", Short: "Print the completion script of bash, zsh, fish or powershell", Args: exactly("SHELL"),
		ValidArgs: shells(),
		Long: `Print a script that lets a shell complete the commands, the flags and the names of
settings. SHELL is bash, zsh, fish or powershell.

bash (needs the package bash-completion):
  gatehouse completion bash > /etc/bash_completion.d/gatehouse
zsh:
  gatehouse completion zsh > "${fpath[1]}/_gatehouse"
fish:
  gatehouse completion fish > ~/.config/fish/completions/gatehouse.fish
PowerShell:
  gatehouse completion powershell >> $PROFILE

Start a new shell afterwards.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(c.stdout, true)
			case "zsh":
				return root.GenZshCompletion(c.stdout)
			case "fish":
				return root.GenFishCompletion(c.stdout, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(c.stdout)
			}
			return usagef("the shell %q is not supported; use %s", args[0], strings.Join(shells(), ", "))
		},
	}
}

// completeNoFiles makes the shell complete no file names for the arguments of a command
// and its sub-commands, except where the argument is a file.
func completeNoFiles(cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil && len(cmd.ValidArgs) == 0 && !strings.HasSuffix(cmd.Use, " FILE") {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, sub := range cmd.Commands() {
		completeNoFiles(sub)
	}
}
