package main

import (
	"strings"

	"github.com/spf13/cobra"

	"gatehouse"
)

func (c *cli) settingsCommand() *cobra.Command {
	return group("settings", "Show and change the settings", "", c.settingsListCommand(), c.settingsGetCommand(), c.settingsSetCommand(), c.settingsUnsetCommand())
}

type settingJSON struct {
	Key         string `json:"key"`
	Value       string `json:"value"`
	Default     string `json:"default"`
	Fixed       bool   `json:"fixed"` // by an environment variable
	Description string `json:"description"`
}

func newSettingJSON(d gatehouse.SettingDefinition, settings gatehouse.Settings) settingJSON {
	return settingJSON{Key: d.Key, Value: settings.Value(d.Key), Default: d.Default, Fixed: settings.Fixed(d.Key), Description: d.Description}
}

func (c *cli) settingsListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List all settings", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withTools(cmd.Context(), func(t tools) error {
				settings, err := t.store.Settings(cmd.Context())
				if err != nil {
					return err
				}
				var list []settingJSON
				var rows [][]string
				for _, d := range gatehouse.SettingDefinitions() {
					s := newSettingJSON(d, settings)
					list = append(list, s)
					rows = append(rows, []string{s.Key, s.Value, yesNo(s.Fixed), s.Description})
				}
				if asJSON {
					return c.printJSON(list)
				}
				return c.printTable([]string{"SETTING", "VALUE", "FIXED", "DESCRIPTION"}, rows)
			})
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func (c *cli) settingsSetCommand() *cobra.Command {
	return &cobra.Command{
		Use: "set SETTING VALUE", Short: "Change a setting; every node uses the new value within a second", Args: exactly("SETTING", "VALUE"),
		ValidArgsFunction: completeSettings,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withTools(cmd.Context(), func(t tools) error {
				key := args[0]
				if _, err := t.settings.Set(cmd.Context(), gatehouse.Caller{}, map[string]string{key: args[1]}); err != nil {
					return err
				}
				settings, err := t.store.Settings(cmd.Context())
				if err != nil {
					return err
				}
				return c.printf("The setting %s is now %q.\n", key, settings.Value(key))
			})
		},
	}
}

func (c *cli) settingsGetCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "get SETTING", Short: "Print the value of a setting", Args: exactly("SETTING"),
		ValidArgsFunction: completeSettings,
		RunE: func(cmd *cobra.Command, args []string) error {
			definition, err := findSetting(args[0])
			if err != nil {
				return err
			}
			return c.withTools(cmd.Context(), func(t tools) error {
				settings, err := t.store.Settings(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					return c.printJSON(newSettingJSON(definition, settings))
				}
				return c.printf("%s\n", settings.Value(definition.Key))
			})
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func (c *cli) settingsUnsetCommand() *cobra.Command {
	return &cobra.Command{
		Use: "unset SETTING", Short: "Return a setting to its default; every node uses it within a second", Args: exactly("SETTING"),
		ValidArgsFunction: completeSettings,
		RunE: func(cmd *cobra.Command, args []string) error {
			definition, err := findSetting(args[0])
			if err != nil {
				return err
			}
			return c.withTools(cmd.Context(), func(t tools) error {
				if err := t.settings.Unset(cmd.Context(), gatehouse.Caller{}, definition.Key); err != nil {
					return err
				}
				settings, err := t.store.Settings(cmd.Context())
				if err != nil {
					return err
				}
				return c.printf("The setting %s has its default again, %q.\n", definition.Key, settings.Value(definition.Key))
			})
		},
	}
}

// findSetting returns the definition of a setting.
func findSetting(key string) (gatehouse.SettingDefinition, error) {
	for _, d := range gatehouse.SettingDefinitions() {
		if d.Key == key {
			return d, nil
		}
	}
	return gatehouse.SettingDefinition{}, gatehouse.CheckSetting(key, "")
}

// completeSettings completes the name of a setting, and the value of a setting that is
// true or false.
func completeSettings(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var list []cobra.Completion
	for _, d := range gatehouse.SettingDefinitions() {
		switch {
		case len(args) == 0 && strings.HasPrefix(d.Key, typed):
			list = append(list, cobra.CompletionWithDesc(d.Key, d.Description))
		case len(args) == 1 && args[0] == d.Key && cmd.Name() == "set" && (d.Default == "true" || d.Default == "false"):
			list = append(list, "true", "false")
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}
