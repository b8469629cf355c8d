package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// environmentTopic is `gatehouse help environment`: every variable, from the
// struct that reads them.
func environmentTopic() *cobra.Command {
	return &cobra.Command{Use: "environment", Short: "The variables that configure the gateway", Long: environmentText()}
}

func environmentText() string {
	var b strings.Builder
	b.WriteString(`Gatehouse is configured by variables of the environment. An empty one counts as
unset. A wrong setting stops the start; every problem is listed at once.
`)
	for _, v := range variables() {
		b.WriteString("\n" + v.name)
		if v.fallback != "" {
			b.WriteString("  (default " + v.fallback + ")")
		}
		b.WriteString("\n")
		doc := v.doc
		if v.secret {
			doc += fmt.Sprintf(" Or %s_FILE: a file that holds it.", v.name)
		}
		for _, line := range wrap(doc, 74) {
			b.WriteString("    " + line + "\n")
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// wrap breaks a text into lines of at most width bytes.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > width:
			lines, line = append(lines, line), word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
