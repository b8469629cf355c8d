package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew")

const configurationFile = "../../docs/configuration.md"

// configurationText is docs/configuration.md, from what the program itself reads.
func configurationText() string {
	var b strings.Builder
	b.WriteString(`# Configuration

<!-- Made by: go test ./cmd/gatehouse -run Configuration -update -->

Gatehouse is configured by variables of the environment; ` + "`gatehouse help environment`" + ` lists them too. An empty one
counts as unset. A wrong one stops the start, and every problem is listed at once. A variable that is marked **file** may
be given as ` + "`NAME_FILE`" + ` instead: a file that holds the value, for secrets of containers.

| variable | default | meaning |
|---|---|---|
`)
	for _, v := range variables() {
		fallback := "unset"
		if v.fallback != "" {
			fallback = "`" + v.fallback + "`"
		}
		if v.secret {
			fallback += ", **file**"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", v.name, fallback, cell(v.doc))
	}
	b.WriteString(`
The database URL takes the parameters of PostgreSQL's own programs (` + "`?sslmode=verify-full`" + `, ` + "`host`" + `, ` + "`connect_timeout`" + `, …), and any
of the server's settings, such as ` + "`statement_timeout`" + `. Poolers such as pgbouncer are found out and need none: see
[operations](operations.md#a-pooler-in-front-of-postgresql).

Traces are configured by OpenTelemetry's own variables (` + "`OTEL_EXPORTER_OTLP_ENDPOINT`" + `, …): see
[operations](operations.md#traces).

## Settings

These are changed while the gateway runs, in the console or with ` + "`gatehouse settings set`" + `, and hold on every node within a
second. Those with a variable above are fixed while it is set.

| setting | default | meaning |
|---|---|---|
`)
	for _, d := range gatehouse.SettingDefinitions() {
		fallback := "empty"
		if d.Default != "" {
			fallback = "`" + d.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", d.Key, fallback, cell(d.Description))
	}
	return b.String()
}

// cell makes a text fit for a table of Markdown.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func TestTheConfigurationIsDocumentedAsItIs(t *testing.T) {
	if *update {
		require.NoError(t, os.WriteFile(configurationFile, []byte(configurationText()), 0o644))
	}
	text, err := os.ReadFile(configurationFile)
	require.NoError(t, err)
	require.Equal(t, configurationText(), string(text), "run: go test ./cmd/gatehouse -run Configuration -update")
}

// TestAlertsAndDashboardAskForMetricsThatThereAre: e2e shows that those in the
// table of docs/operations.md are.
func TestAlertsAndDashboardAskForMetricsThatThereAre(t *testing.T) {
	operations, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	for _, file := range []string{"../../deploy/prometheus/rules.yml", "../../deploy/grafana/gatehouse.json"} {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.HasSuffix(file, ".json") {
			require.True(t, json.Valid(content))
		}
		names := regexp.MustCompile(`gatehouse_[a-z_]+`).FindAllString(string(content), -1)
		require.Greater(t, len(names), 10)
		for _, name := range names {
			require.Contains(t, string(operations), "\n| `"+strings.TrimSuffix(name, "_bucket")+"` |", file)
		}
	}
	rules, err := os.ReadFile("../../deploy/prometheus/rules.yml")
	require.NoError(t, err)
	for _, match := range regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(string(rules), -1) {
		require.Contains(t, string(operations), "`"+match[1]+"`", "what to do about each alert is documented")
	}
}
