package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker: -X main.version=1.2.3.
var version = ""

type versionInfo struct {
	Version string `json:"version"`
	Build   string `json:"build"` // the commit, shortened
	Go      string `json:"go"`
}

// readVersion is what this program knows of itself.
func readVersion() versionInfo {
	v := versionInfo{Version: version, Build: "unknown", Go: runtime.Version()}
	if v.Version == "" {
		v.Version = "0.0.0-dev"
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" && len(setting.Value) >= 12 {
				v.Build = setting.Value[:12]
			}
		}
	}
	return v
}

func (c *cli) versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "version", Short: "Say which version this is", Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			v := readVersion()
			if asJSON {
				return c.printJSON(v)
			}
			return c.printf("gatehouse %s (build %s, %s)\n", v.Version, v.Build, v.Go)
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func addJSONFlag(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "answer in JSON")
}

func (c *cli) printJSON(v any) error {
	e := json.NewEncoder(c.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func (c *cli) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(c.stdout, format, args...)
	return err
}
