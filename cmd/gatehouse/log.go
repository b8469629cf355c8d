package main

import (
	"log/slog"
	"os"

	"golang.org/x/term"
)

// newLog returns the log of a configuration, on standard error.
func (c *cli) newLog(cfg config) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	format := cfg.LogFormat
	if format == "" && isTerminal(c.stderr) {
		format = "text"
	}
	if format == "text" {
		return slog.New(slog.NewTextHandler(c.stderr, options))
	}
	return slog.New(slog.NewJSONHandler(c.stderr, options))
}

// toolLog is for commands that answer on standard output: it tells only of trouble.
func (c *cli) toolLog() *slog.Logger {
	return slog.New(slog.NewTextHandler(c.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
