package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"gatehouse"
	"gatehouse/storage"
)

func (c *cli) migrateCommand() *cobra.Command {
	up := c.migrateUpCommand()
	cmd := group("migrate", "Create or migrate the database", `Apply every missing migration, as migrate up does. The database is created first if it
is a SQLite database that does not exist.

Only this command, serve and demo create or migrate a database.`, up, c.migrateDownCommand(), c.migrateStatusCommand())
	cmd.RunE = up.RunE
	return cmd
}

func (c *cli) migrateUpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "up", Short: "Apply every missing migration (serve does this at its start)", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withStore(cmd.Context(), storage.Open, func(store *storage.Store) error {
				if err := store.MigrateUp(cmd.Context()); err != nil {
					return err
				}
				return c.printf("The database is up to date.\n")
			})
		},
	}
}

func (c *cli) migrateDownCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "down", Short: "Revert the last migration and delete its data", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !yes {
				return usagef("this command deletes data; make a backup and then use --yes")
			}
			return c.withStore(cmd.Context(), openExisting, func(store *storage.Store) error {
				err := store.MigrateDown(cmd.Context())
				if errors.Is(err, gatehouse.ErrNotFound) {
					return errors.New("no migration is applied, so the command cannot revert one")
				}
				if err != nil {
					return err
				}
				return c.printf("The last migration was reverted.\n")
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "confirm that data is deleted")
	return cmd
}

type migrationJSON struct {
	Version   int64  `json:"version"`
	Name      string `json:"name"`
	AppliedAt int64  `json:"applied_at"` // 0 if it is not applied
}

func (c *cli) migrateStatusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "List the migrations and when they were applied", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			migrations, err := c.migrationStatus(cmd.Context())
			if err != nil {
				return err
			}
			var list []migrationJSON
			var rows [][]string
			for _, m := range migrations {
				applied := "no"
				if !m.Applied.IsZero() {
					applied = m.Applied.UTC().Format(time.DateTime)
				}
				list = append(list, migrationJSON{Version: m.Version, Name: m.Name, AppliedAt: milliseconds(m.Applied)})
				rows = append(rows, []string{m.Name, applied})
			}
			if asJSON {
				return c.printJSON(list)
			}
			return c.printTable([]string{"MIGRATION", "APPLIED"}, rows)
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

// migrationStatus lists the migrations. It does not create a SQLite database that does
// not exist: no migration is applied there.
func (c *cli) migrationStatus(ctx context.Context) (list []storage.Migration, err error) {
	cfg, err := loadConfig(c.environ, forTools)
	if err != nil {
		return nil, err
	}
	if !isPostgres(cfg.DatabaseURL) {
		path := sqlitePath(cfg.DatabaseURL)
		_, fileErr := os.Stat(path)
		_, directoryErr := os.Stat(filepath.Dir(path))
		if errors.Is(fileErr, fs.ErrNotExist) && directoryErr == nil {
			return storage.Migrations()
		}
	}
	err = c.withStore(ctx, storage.Open, func(store *storage.Store) (err error) {
		list, err = store.MigrationStatus(ctx)
		return err
	})
	return list, err
}

// withStore opens the database of the configuration without migrating it.
func (c *cli) withStore(ctx context.Context, open func(context.Context, storage.Options) (*storage.Store, error), do func(*storage.Store) error) (err error) {
	cfg, err := loadConfig(c.environ, forTools)
	if err != nil {
		return err
	}
	store, err := open(ctx, storage.Options{URL: cfg.DatabaseURL, Log: c.toolLog()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(store)
}
