package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"gatehouse"
	"gatehouse/account"
	"gatehouse/console"
	"gatehouse/groups"
	"gatehouse/registration"
	"gatehouse/storage"
)

// tools are the services that the commands use. They are the same as the gateway's, so
// the same rules apply and the audit trail is kept.
type tools struct {
	store    *storage.Store
	users    *account.Users
	groups   *groups.Service
	apps     *registration.Service
	settings *console.SettingsEditor
}

// withTools opens the database of the configuration for a command. The database must
// exist and be migrated: only serve, migrate and demo create or migrate a database. A
// database that a newer version of Gatehouse has migrated further is accepted, because
// nodes of two versions run side by side during an upgrade.
func (c *cli) withTools(ctx context.Context, do func(tools) error) (err error) {
	cfg, err := loadConfig(c.environ, forTools)
	if err != nil {
		return err
	}
	log := c.toolLog()
	store, err := openExisting(ctx, storageOptions(cfg, log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := store.Ready(ctx); err != nil {
		return explainSchema(err)
	}
	return do(tools{
		store:    store,
		users:    account.NewUsers(account.UsersConfig{Store: store, Hasher: account.NewHasher(account.HasherConfig{}), Log: log}),
		groups:   groups.NewService(groups.ServiceConfig{Store: store, Log: log}),
		apps:     registration.NewService(registration.ServiceConfig{Store: store, Log: log}),
		settings: console.NewSettingsEditor(console.SettingsEditorConfig{Store: store, Log: log}),
	})
}

// openExisting opens a database that must exist, so that a mistyped path is an error and
// no command leaves an empty database behind.
func openExisting(ctx context.Context, o storage.Options) (*storage.Store, error) {
	o.Existing = true
	if isPostgres(o.URL) {
		return storage.Open(ctx, o)
	}
	path := sqlitePath(o.URL)
	info, err := os.Stat(path)
	if err == nil && info.Size() == 0 { // Opening it would write to it.
		return nil, explainSchema(&storage.SchemaError{})
	}
	var store *storage.Store
	if err == nil {
		store, err = storage.Open(ctx, o)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the database %s does not exist; GATEHOUSE_DATABASE_URL sets its path, and `gatehouse migrate` or `gatehouse serve` creates it", path)
	}
	return store, err
}

// explainSchema says what to do about a database with missing migrations.
func explainSchema(err error) error {
	var schema *storage.SchemaError
	switch {
	case !errors.As(err, &schema):
		return err
	case schema.Version == 0:
		return errors.New("the database is not migrated; run `gatehouse migrate`, or start `gatehouse serve`, which migrates it")
	}
	return fmt.Errorf("the database is at migration %d, but this version of Gatehouse needs migration %d; make a backup and run `gatehouse migrate`, or use the version of Gatehouse that the gateway runs", schema.Version, schema.Latest)
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

// findGroup returns the group with a name or an id.
func (t tools) findGroup(ctx context.Context, reference string) (gatehouse.Group, error) {
	group, err := t.store.GroupByName(ctx, reference)
	if errors.Is(err, gatehouse.ErrNotFound) && gatehouse.ValidID(reference) {
		group, err = t.store.Group(ctx, reference)
	}
	if errors.Is(err, gatehouse.ErrNotFound) {
		return group, fmt.Errorf("the group %q does not exist; `gatehouse group list` lists all groups", reference)
	}
	return group, err
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
