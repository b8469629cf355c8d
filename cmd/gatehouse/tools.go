package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"gatehouse"
	"gatehouse/account"
	"gatehouse/console"
	"gatehouse/registration"
	"gatehouse/storage"
)

// tools is what the commands that work on the database use: the same services as
// the gateway, so that the same rules hold and the audit log is kept.
type tools struct {
	store    *storage.Store
	users    *account.Users
	apps     *registration.Service
	settings *console.SettingsEditor
}

// withExisting is withTools for a command that shows or changes what is there: a
// mistyped path must not make a database that is empty.
func (c *cli) withExisting(ctx context.Context, do func(tools) error) error {
	cfg, err := loadConfig(c.environ, forTools)
	if err != nil {
		return err
	}
	if err := wantDatabase(cfg.DatabaseURL); err != nil {
		return err
	}
	return c.useTools(ctx, cfg, do)
}

// withTools opens the database of the configuration for a command, migrated if
// it is new.
func (c *cli) withTools(ctx context.Context, do func(tools) error) error {
	cfg, err := loadConfig(c.environ, forTools)
	if err != nil {
		return err
	}
	return c.useTools(ctx, cfg, do)
}

func (c *cli) useTools(ctx context.Context, cfg config, do func(tools) error) (err error) {
	log := c.toolLog()
	store, err := openMigrated(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(tools{
		store:    store,
		users:    account.NewUsers(account.UsersConfig{Store: store, Hasher: account.NewHasher(account.HasherConfig{}), Log: log}),
		apps:     registration.NewService(registration.ServiceConfig{Store: store, Log: log}),
		settings: console.NewSettingsEditor(console.SettingsEditorConfig{Store: store, Log: log}),
	})
}

// findUser takes a username, an email or an id.
func (t tools) findUser(ctx context.Context, reference string) (gatehouse.User, error) {
	user, err := t.store.UserByLogin(ctx, reference)
	if errors.Is(err, gatehouse.ErrNotFound) && gatehouse.ValidID(reference) {
		user, err = t.store.User(ctx, reference)
	}
	if errors.Is(err, gatehouse.ErrNotFound) {
		return user, fmt.Errorf("there is no user %q; `gatehouse user list` shows them all", reference)
	}
	return user, err
}

// findApp takes a client id.
func (t tools) findApp(ctx context.Context, id string) (gatehouse.App, error) {
	app, err := t.store.App(ctx, id)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return app, fmt.Errorf("there is no app with the client id %q; `gatehouse app list` shows them all", id)
	}
	return app, err
}

// everything calls page with growing offsets until it returns less than a page.
func everything[T any](page func(offset, limit int) ([]T, error)) ([]T, error) {
	const limit = 200
	all := []T{} // not nil: JSON has [] for none
	for {
		some, err := page(len(all), limit)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if len(some) < limit {
			return all, nil
		}
	}
}

// printTable prints rows in columns below a head.
func (c *cli) printTable(head string, rows [][]string) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	if _, err := fmt.Fprintln(w, strings.ReplaceAll(head, " | ", "\t")); err != nil {
		return err
	}
	for _, row := range rows {
		if _, err := fmt.Fprintln(w, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return w.Flush()
}

// milliseconds is how JSON answers spell a time, as the API does; 0 is never.
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
