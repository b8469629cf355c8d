package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"gatehouse"
	"gatehouse/internal/web"
)

// printf writes to standard output. The arguments that are strings may be stored data.
func (c *cli) printf(format string, args ...any) error {
	safe := make([]any, len(args))
	for i, arg := range args {
		if s, ok := arg.(string); ok {
			arg = visible(s)
		}
		safe[i] = arg
	}
	_, err := fmt.Fprintf(c.stdout, format, safe...)
	return err
}

// printLines writes a text of several lines to standard output.
func (c *cli) printLines(text string) error {
	_, err := io.WriteString(c.stdout, visibleLines(text))
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
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	// The encoder escapes the control characters below U+0020 only. All others are inside
	// strings, where an escape means the same.
	for line := range strings.SplitAfterSeq(b.String(), "\n") {
		text, end := strings.TrimSuffix(line, "\n"), ""
		if text != line {
			end = "\n"
		}
		if _, err := io.WriteString(c.stdout, escapeInvisible(text, jsonEscape)+end); err != nil {
			return err
		}
	}
	return nil
}

// visible returns stored data as a terminal can show it: control characters, invisible
// characters and those that change the direction of text become escapes such as \x1b.
// Otherwise the name of an app could move the cursor, change the title of the window, or
// look like another row.
func visible(s string) string {
	return escapeInvisible(s, func(r rune) string {
		quoted := strconv.QuoteRuneToASCII(r)
		return quoted[1 : len(quoted)-1]
	})
}

// visibleLines is visible for a text of several lines.
func visibleLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = visible(lines[i])
	}
	return strings.Join(lines, "\n")
}

// escapeInvisible replaces each character that is not graphic.
func escapeInvisible(s string, escape func(rune) string) string {
	if !strings.ContainsFunc(s, isInvisible) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if isInvisible(r) {
			b.WriteString(escape(r))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isInvisible(r rune) bool { return !strconv.IsGraphic(r) || r == utf8.RuneError }

// jsonEscape returns the escape of RFC 8259 §7.
func jsonEscape(r rune) string {
	if r < 0x10000 {
		return fmt.Sprintf("\\u%04x", r)
	}
	high, low := utf16.EncodeRune(r)
	return fmt.Sprintf("\\u%04x\\u%04x", high, low)
}

// printTable prints rows in columns under a heading for each column.
func (c *cli) printTable(headings []string, rows [][]string) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{headings}, rows...) {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = visible(cell)
		}
		if _, err := fmt.Fprintln(w, strings.Join(cells, "\t")); err != nil {
			return err
		}
	}
	return w.Flush()
}

// minFieldName is the least width of the names of printFields, so that short lists of
// fields are aligned with each other.
const minFieldName = 14

// printFields prints one field a line, with the values below each other. It leaves out the
// fields without a value.
func (c *cli) printFields(fields ...[2]string) error {
	width := minFieldName
	for _, f := range fields {
		if f[1] != "" {
			width = max(width, len(f[0]))
		}
	}
	for _, f := range fields {
		if f[1] == "" {
			continue
		}
		if err := c.printf("%-*s %s\n", width, f[0], f[1]); err != nil {
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

// plural returns one if n is 1, and otherwise other with n in place of %d.
func plural(n int, one, other string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf(other, n)
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
	options := &slog.HandlerOptions{Level: cfg.LogLevel, ReplaceAttr: readableDuration}
	if cfg.LogFormat == "text" || cfg.LogFormat == "" && isTerminal(c.stderr) {
		return slog.New(slog.NewTextHandler(c.stderr, options))
	}
	return slog.New(slog.NewJSONHandler(c.stderr, options))
}

// readableDuration writes a duration as "1.5s". The JSON handler would write nanoseconds
// without a unit.
func readableDuration(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
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
