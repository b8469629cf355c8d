package main

import (
	"context"
	"errors"
	"fmt"

	"gatehouse"
	"gatehouse/account"
	"gatehouse/console"
	"gatehouse/registration"
	"gatehouse/storage"
)

// tools are the services that the commands use. They are the same as the gateway's, so
// the same rules apply and the audit trail is kept.
type tools struct {
	store    *storage.Store
	users    *account.Users
	apps     *registration.Service
	settings *console.SettingsEditor
}

// withTools opens the database of the configuration for a command. It creates and
// migrates the database if necessary.
func (c *cli) withTools(ctx context.Context, do func(tools) error) (err error) {
	cfg, err := loadConfig(c.environ, forTools)
	if err != nil {
		return err
	}
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

// withExisting is withTools for a command that reads or changes existing rows. It does
// not create a SQLite database, so that a mistyped path is an error.
func (c *cli) withExisting(ctx context.Context, do func(tools) error) error {
	cfg, err := loadConfig(c.environ, forTools)
	if err != nil {
		return err
	}
	if err := requireDatabase(cfg.DatabaseURL); err != nil {
		return err
	}
	return c.withTools(ctx, do)
}

// findUser returns the user with a username, an email or an id.
func (t tools) findUser(ctx context.Context, reference string) (gatehouse.User, error) {
	user, err := t.store.UserByLogin(ctx, reference)
	if errors.Is(err, gatehouse.ErrNotFound) && gatehouse.ValidID(reference) {
		user, err = t.store.User(ctx, reference)
	}
	if errors.Is(err, gatehouse.ErrNotFound) {
		return user, fmt.Errorf("the user %q does not exist; `gatehouse user list` lists all users", reference)
	}
	return user, err
}

// findApp returns the app with a client id.
func (t tools) findApp(ctx context.Context, id string) (gatehouse.App, error) {
	app, err := t.store.App(ctx, id)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return app, fmt.Errorf("an app with the client ID %q does not exist; `gatehouse app list` lists all apps", id)
	}
	return app, err
}

// allPages returns the rows of every page. It ends at the first page that is not full.
func allPages[T any](page func(offset, limit int) ([]T, error)) ([]T, error) {
	const limit = 200
	all := []T{} // not nil, because an empty list is [] in JSON
	for {
		rows, err := page(len(all), limit)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if len(rows) < limit {
			return all, nil
		}
	}
}
