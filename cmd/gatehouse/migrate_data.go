package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"gatehouse"
	"gatehouse/storage"
)

func (c *cli) migrateDataCommand() *cobra.Command {
	var from, to string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "migrate-data --from URL --to URL", Short: "Copy all data to another database, SQLite or PostgreSQL", Args: exactly(),
		Long: `Copy all data from one database to another, which must be empty. Each can be SQLite
or PostgreSQL. IDs and times do not change. With the same secret, existing codes and
tokens keep working.

Stop the gateway first: this command does not copy later changes. Prepare the new
database with:  GATEHOUSE_DATABASE_URL=URL gatehouse migrate up

The command compares the number of rows on both sides. If it fails, it copies nothing.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case from == "":
				return usagef("--from is missing; it is the URL of the existing database")
			case to == "":
				return usagef("--to is missing; it is the URL of the new database")
			case from == to:
				return usagef("--from and --to are the same database")
			}
			moved, err := c.migrateData(cmd.Context(), from, to)
			if err != nil {
				return err
			}
			if asJSON {
				return c.printJSON(moved)
			}
			return c.printMoved(moved, from)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "URL of the existing database")
	cmd.Flags().StringVar(&to, "to", "", "URL of the new database")
	addJSONFlag(cmd, &asJSON)
	return cmd
}

type movedJSON struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
}

func (c *cli) migrateData(ctx context.Context, from, to string) (moved []movedJSON, err error) {
	if err := requireDatabase(from); err != nil {
		return nil, err
	}
	source, err := storage.Open(ctx, storage.Options{URL: from, Log: c.toolLog()})
	if err != nil {
		return nil, fmt.Errorf("--from: %w", err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := storage.Open(ctx, storage.Options{URL: to, Log: c.toolLog()})
	if err != nil {
		return nil, fmt.Errorf("--to: %w", err)
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	for _, side := range []struct {
		flag  string
		store *storage.Store
	}{{"--from", source}, {"--to", target}} {
		if err := side.store.Ready(ctx); errors.Is(err, gatehouse.ErrUnavailable) {
			return nil, fmt.Errorf("the %s database is not migrated; run this first, with its URL: GATEHOUSE_DATABASE_URL=URL gatehouse migrate up (%w)", side.flag, err)
		} else if err != nil {
			return nil, err
		}
	}
	list, err := storage.Move(ctx, source, target)
	if errors.Is(err, storage.ErrNotEmpty) {
		return nil, fmt.Errorf("the --to database is not empty; choose an empty one (%w)", err)
	}
	for _, m := range list {
		moved = append(moved, movedJSON(m))
	}
	return moved, err
}

// printMoved prints the number of rows of each table, and the next step.
func (c *cli) printMoved(moved []movedJSON, from string) error {
	var rows [][]string
	for _, m := range moved {
		rows = append(rows, []string{m.Table, strconv.FormatInt(m.Rows, 10)})
	}
	if err := c.printTable([]string{"TABLE", "ROWS"}, rows); err != nil {
		return err
	}
	if isPostgres(from) {
		return c.printf("\nAll data was copied. Start the gateway with the new GATEHOUSE_DATABASE_URL and the same GATEHOUSE_SECRET.\n")
	}
	return c.printf("\nAll data was copied. Start the gateway with the new GATEHOUSE_DATABASE_URL and the same secret. If a file has the secret, set GATEHOUSE_SECRET_FILE=%s.\n", sqlitePath(from)+secretFileSuffix)
}
