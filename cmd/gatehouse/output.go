package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"gatehouse"
	"gatehouse/internal/web"
)

// printf writes to standard output.
func (c *cli) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(c.stdout, format, args...)
	return err
}

// complainf writes to standard error. It ignores an error: there is no other place to
// report it.
func (c *cli) complainf(format string, args ...any) {
	_, _ = fmt.Fprintf(c.stderr, format, args...)
}

// addJSONFlag adds --json, which every command that prints data has.
func addJSONFlag(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "print JSON")
}

func (c *cli) printJSON(v any) error {
	e := json.NewEncoder(c.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// printTable prints rows in columns under a heading for each column.
func (c *cli) printTable(headings []string, rows [][]string) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{headings}, rows...) {
		if _, err := fmt.Fprintln(w, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return w.Flush()
}

// printFields prints one field a line. It leaves out the fields without a value.
func (c *cli) printFields(fields ...[2]string) error {
	for _, f := range fields {
		if f[1] == "" {
			continue
		}
		if err := c.printf("%-14s %s\n", f[0], f[1]); err != nil {
			return err
		}
	}
	return nil
}

// milliseconds returns a time as the API does (C 1.7): milliseconds since 1970, or 0
// for the zero time.
func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// explain returns the message of an error for the operator: the sentences of the rules
// that a value broke, or the error itself.
func explain(err error) string {
	var messages []string
	for _, e := range gatehouse.FieldErrors(err) {
		messages = append(messages, e.Message)
	}
	if len(messages) > 0 {
		return strings.Join(messages, " ")
	}
	var refused *web.Error
	if errors.As(err, &refused) && refused.Message != "" {
		return refused.Message
	}
	if errors.Is(err, gatehouse.ErrLastSystemAdmin) {
		return "this user is the last active System Admin; make another user a System Admin first"
	}
	return err.Error()
}

// newLog returns the log of a configuration. It writes to standard error.
func (c *cli) newLog(cfg config) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	if cfg.LogFormat == "text" || cfg.LogFormat == "" && isTerminal(c.stderr) {
		return slog.New(slog.NewTextHandler(c.stderr, options))
	}
	return slog.New(slog.NewJSONHandler(c.stderr, options))
}

// toolLog returns the log of the commands that print to standard output. It contains
// only warnings and errors.
func (c *cli) toolLog() *slog.Logger {
	return slog.New(slog.NewTextHandler(c.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
