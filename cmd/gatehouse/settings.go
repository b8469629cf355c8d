package main

import (
	"github.com/spf13/cobra"

	"gatehouse"
)

func (c *cli) settingsCommand() *cobra.Command {
	return group("settings", "Show and change the settings", "", c.settingsListCommand(), c.settingsSetCommand())
}

type settingJSON struct {
	Key         string `json:"key"`
	Value       string `json:"value"`
	Default     string `json:"default"`
	Fixed       bool   `json:"fixed"` // by an environment variable
	Description string `json:"description"`
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
					s := settingJSON{Key: d.Key, Value: settings.Value(d.Key), Default: d.Default, Fixed: settings.Fixed(d.Key), Description: d.Description}
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
