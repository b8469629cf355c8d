package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/spf13/cobra"

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
	if err := storage.CheckURL(from); err != nil {
		return nil, fmt.Errorf("--from: %w", err)
	}
	if err := storage.CheckURL(to); err != nil {
		return nil, fmt.Errorf("--to: %w", err)
	}
	source, err := storage.Open(ctx, storage.Options{URL: from, Existing: true, Log: c.toolLog()})
	if err != nil {
		return nil, explainMissing("--from", from, err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := storage.Open(ctx, storage.Options{URL: to, Existing: true, Log: c.toolLog()})
	if err != nil {
		return nil, explainMissing("--to", to, err)
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	for _, side := range []struct {
		flag  string
		store *storage.Store
	}{{"--from", source}, {"--to", target}} {
		var schema *storage.SchemaError
		if err := side.store.Ready(ctx); errors.As(err, &schema) {
			return nil, fmt.Errorf("the %s database is not migrated; run this first, with its URL: GATEHOUSE_DATABASE_URL=URL gatehouse migrate up (%w)", side.flag, schema)
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", side.flag, err)
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

// explainMissing says what to do about a SQLite database that does not exist. Only migrate
// and serve create one.
func explainMissing(flag, databaseURL string, err error) error {
	switch {
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w", flag, err)
	case flag == "--from":
		return fmt.Errorf("the database %s does not exist; check --from", sqlitePath(databaseURL))
	}
	return fmt.Errorf("the --to database is not migrated; run this first, with its URL: GATEHOUSE_DATABASE_URL=URL gatehouse migrate up (the file %s does not exist)", sqlitePath(databaseURL))
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
