package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"gatehouse"
	"gatehouse/storage"
)

func (c *cli) migrateCommand() *cobra.Command {
	var yes bool
	down := &cobra.Command{
		Use: "down", Short: "Take the last migration back, with what was stored by its help", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !yes {
				return usagef("this deletes data; say --yes if you have a backup and mean it")
			}
			return c.withStore(cmd.Context(), func(store *storage.Store) error {
				err := store.MigrateDown(cmd.Context())
				if errors.Is(err, gatehouse.ErrNotFound) {
					return errors.New("no migration is applied: there is nothing to take back")
				}
				if err != nil {
					return err
				}
				return c.printf("The last migration was taken back.\n")
			})
		},
	}
	down.Flags().BoolVar(&yes, "yes", false, "do it")
	return group("migrate", "Bring the database's schema up to date, or back", "",
		&cobra.Command{
			Use: "up", Short: "Apply every migration that is missing (serve does so by itself)", Args: exactly(),
			RunE: func(cmd *cobra.Command, _ []string) error {
				return c.withStore(cmd.Context(), func(store *storage.Store) error {
					if err := store.MigrateUp(cmd.Context()); err != nil {
						return err
					}
					return c.printf("The database is up to date.\n")
				})
			},
		},
		down, c.migrateStatusCommand())
}

type migrationJSON struct {
	Version   int64  `json:"version"`
	Name      string `json:"name"`
	AppliedAt int64  `json:"applied_at"` // 0: not applied
}

func (c *cli) migrateStatusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "List the migrations, and which are applied", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withStore(cmd.Context(), func(store *storage.Store) error {
				migrations, err := store.MigrationStatus(cmd.Context())
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
				return c.printTable("MIGRATION | APPLIED", rows)
			})
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

// withStore opens the database of the configuration as it is.
func (c *cli) withStore(ctx context.Context, do func(*storage.Store) error) (err error) {
	cfg, err := loadConfig(c.environ, forTools)
	if err != nil {
		return err
	}
	store, err := storage.Open(ctx, storage.Options{URL: cfg.DatabaseURL, Log: c.toolLog()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(store)
}
