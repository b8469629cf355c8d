package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// The linker sets these: -X main.version=1.2.3 -X main.build=0123456789ab. Without build,
// the revision that the go command stamps into the binary counts.
var version, build = "", ""

type versionInfo struct {
	Version string `json:"version"`
	Build   string `json:"build"` // the first 12 characters of the commit
	Go      string `json:"go"`
}

// String returns the version as `gatehouse version` and `gatehouse --version` print it.
func (v versionInfo) String() string {
	return fmt.Sprintf("gatehouse %s (build %s, %s)", v.Version, v.Build, v.Go)
}

// readVersion returns the version of this program.
func readVersion() versionInfo {
	v := versionInfo{Version: version, Build: build, Go: runtime.Version()}
	if v.Version == "" {
		v.Version = "0.0.0-dev"
	}
	if info, ok := debug.ReadBuildInfo(); ok && v.Build == "" {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" && len(setting.Value) >= 12 {
				v.Build = setting.Value[:12]
			}
		}
	}
	if v.Build == "" {
		v.Build = "unknown"
	}
	return v
}

func (c *cli) versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "version", Short: "Print the version", Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			v := readVersion()
			if asJSON {
				return c.printJSON(v)
			}
			return c.printf("%s\n", v.String())
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}
