package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse"
	"gatehouse/storage"
)

func (c *cli) migrateDataCommand() *cobra.Command {
	var from, to string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "migrate-data --from URL --to URL", Short: "Move everything to another database, of either engine", Args: exactly(),
		Long: `Copy everything from one database to another, empty one, between SQLite and
PostgreSQL or on the same engine. Ids and times stay as they are: with the same
secret, what was issued before goes on working.

Stop the gateway first, or what it does meanwhile is lost. Make the new database
ready with:  GATEHOUSE_DATABASE_URL=URL gatehouse migrate up
All is copied, and the rows are counted on both sides, or nothing is.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case from == "":
				return usagef("--from is missing: the URL of the database that there is")
			case to == "":
				return usagef("--to is missing: the URL of the new database")
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
			return c.tellMoved(moved, from, to)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "URL of the database that there is")
	cmd.Flags().StringVar(&to, "to", "", "URL of the new database")
	addJSONFlag(cmd, &asJSON)
	return cmd
}

type movedJSON struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
}

func (c *cli) migrateData(ctx context.Context, from, to string) (moved []movedJSON, err error) {
	if err := wantDatabase(from); err != nil {
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
			return nil, fmt.Errorf("the database of %s is not migrated; run this with its URL first: GATEHOUSE_DATABASE_URL=URL gatehouse migrate up (%w)", side.flag, err)
		} else if err != nil {
			return nil, err
		}
	}
	list, err := storage.Move(ctx, source, target)
	if errors.Is(err, storage.ErrNotEmpty) {
		return nil, fmt.Errorf("the database of --to is not empty, and nothing is mixed: choose another one (%w)", err)
	}
	for _, m := range list {
		moved = append(moved, movedJSON(m))
	}
	return moved, err
}

// tellMoved reports the numbers, and what is left to do.
func (c *cli) tellMoved(moved []movedJSON, from, to string) error {
	var rows [][]string
	for _, m := range moved {
		rows = append(rows, []string{m.Table, strconv.FormatInt(m.Rows, 10)})
	}
	if err := c.printTable("TABLE | ROWS ON BOTH SIDES", rows); err != nil {
		return err
	}
	secret := "the GATEHOUSE_SECRET that it had"
	if !isPostgres(from) {
		secret = "the same secret (if it was kept in a file, GATEHOUSE_SECRET_FILE=" + sqlitePath(from) + secretFileSuffix + ")"
	}
	return c.printf("Everything has moved. Start the gateway with the new GATEHOUSE_DATABASE_URL and with %s.\n", secret)
}

// sqlitePath is the file that a SQLite URL names.
func sqlitePath(databaseURL string) string {
	return strings.TrimPrefix(strings.TrimPrefix(databaseURL, "sqlite:"), "//")
}
