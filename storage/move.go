package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"gatehouse"
)

// tables returns the tables with their primary keys, those that other tables refer to
// first.
func tables() []table {
	return []table{
		{"users", "id"}, {"sessions", "id"}, {"apps", "id"}, {"groups", "id"}, {"group_members", "id"}, {"app_groups", "id"}, {"consents", "id"},
		{"grants", "id"}, {"settings", "key"}, {"audit_events", "id"}, {"rate_limits", "id"}, {"signing_keys", "id"}, {"outbox", "id"},
	}
}

type table struct{ name, key string }

// Moved is the number of rows of a table that were copied.
type Moved struct {
	Table string
	Rows  int64
}

// moveBatch is the number of rows in memory at a time. A statement may have 32,766
// parameters on SQLite, and no table has more than 18 columns.
const moveBatch = 500

// ErrNotEmpty means that the target of Move has rows.
var ErrNotEmpty = errors.New("storage: the database is not empty")

// Move copies all rows of from to the empty database to, with the same ids and times, so
// that issued tokens go on working. It reads from in one transaction; the caller stops
// the nodes that write to it. It commits to once, after it compared the numbers of rows;
// otherwise to does not change. It returns
//
//   - ErrNotEmpty if to has rows,
//   - gatehouse.ErrUnavailable if one of them does not have the schema of this version.
func Move(ctx context.Context, from, to *Store) ([]Moved, error) {
	for _, s := range []*Store{from, to} {
		if err := s.current(ctx); err != nil {
			return nil, err
		}
	}
	var moved []Moved
	err := from.read(ctx).Transaction(func(source *gorm.DB) error {
		return to.transact(ctx, func(target *gorm.DB) error {
			if err := to.checkEmpty(target); err != nil {
				return err
			}
			for _, t := range tables() {
				n, err := t.move(source, target)
				if err != nil {
					return fmt.Errorf("%s: %w", t.name, err)
				}
				moved = append(moved, Moved{t.name, n})
			}
			return nil
		})
	}, from.snapshot())
	if err != nil {
		return nil, to.fail("move", err)
	}
	return moved, nil
}

// current returns an error if the schema is not exactly that of this version. Unlike
// Ready it also refuses the schema of a newer version.
func (s *Store) current(ctx context.Context) error {
	if err := s.Ready(ctx); err != nil {
		return err
	}
	latest, err := latestMigration()
	if err != nil {
		return s.fail("move", err)
	}
	var version int64
	err = scanOne(s.read(ctx).Raw("SELECT MAX(version_id) FROM goose_db_version"), &version)
	if err == nil && version != latest {
		err = fmt.Errorf("%w: the database is at migration %d and this version of Gatehouse at %d; use the version that migrated the database", gatehouse.ErrUnavailable, version, latest)
	}
	return s.fail("move", err)
}

// snapshot returns the options of a transaction that sees a single state of the
// database. On SQLite every transaction does.
func (s *Store) snapshot() *sql.TxOptions {
	if s.file != "" {
		return &sql.TxOptions{}
	}
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

// checkEmpty returns ErrNotEmpty if the target has rows. It prevents a node that starts
// on it from creating the first user in the meantime.
func (s *Store) checkEmpty(tx *gorm.DB) error {
	if s.lockUsers != "" {
		if err := tx.Exec(s.lockUsers).Error; err != nil {
			return err
		}
	}
	for _, t := range tables() {
		n, err := t.count(tx)
		if err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("%w: table %s has %d rows", ErrNotEmpty, t.name, n)
		}
	}
	return nil
}

// move copies the table in batches, each from the end of the previous one, and returns
// the number of rows on both sides.
func (t table) move(source, target *gorm.DB) (int64, error) {
	last := ""
	for more := true; more; {
		columns, rows, err := t.read(source, last)
		if err != nil {
			return 0, err
		}
		if more = len(rows) == moveBatch; len(rows) == 0 {
			break
		}
		if last, err = keyOf(columns, rows[len(rows)-1], t.key); err != nil {
			return 0, err
		}
		if err := t.write(target, columns, rows); err != nil {
			return 0, err
		}
	}
	before, err := t.count(source)
	if err != nil {
		return 0, err
	}
	after, err := t.count(target)
	if err == nil && before != after {
		err = fmt.Errorf("%d rows were read, but %d were written", before, after)
	}
	return after, err
}

func (t table) count(tx *gorm.DB) (n int64, err error) {
	return n, scanOne(tx.Raw("SELECT COUNT(*) FROM "+t.name), &n)
}

// read returns the next rows after the key last, each as a list of its values.
func (t table) read(tx *gorm.DB, last string) (columns []string, values [][]any, err error) {
	rows, err := tx.Raw(fmt.Sprintf(`SELECT * FROM %s WHERE "%s" > ? ORDER BY "%s" LIMIT ?`, t.name, t.key, t.key), last, moveBatch).Rows()
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, nil, err
	}
	for _, c := range types {
		columns = append(columns, c.Name())
	}
	for rows.Next() {
		row, fields := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			fields[i] = &row[i]
		}
		if err := rows.Scan(fields...); err != nil {
			return nil, nil, err
		}
		for i, c := range types {
			if n, ok := row[i].(int64); ok && c.DatabaseTypeName() == "BOOLEAN" { // SQLite stores a boolean as a number
				row[i] = n != 0
			}
		}
		values = append(values, row)
	}
	return columns, values, rows.Err()
}

func (t table) write(tx *gorm.DB, columns []string, rows [][]any) error {
	one := "(" + strings.TrimSuffix(strings.Repeat("?,", len(columns)), ",") + ")"
	all := strings.TrimSuffix(strings.Repeat(one+",", len(rows)), ",")
	args := make([]any, 0, len(columns)*len(rows))
	for _, row := range rows {
		args = append(args, row...)
	}
	return tx.Exec(fmt.Sprintf(`INSERT INTO %s ("%s") VALUES %s`, t.name, strings.Join(columns, `","`), all), args...).Error
}

func keyOf(columns []string, row []any, key string) (string, error) {
	for i, column := range columns {
		if column == key {
			s, ok := row[i].(string)
			if !ok {
				return "", fmt.Errorf("the key is a %T", row[i])
			}
			return s, nil
		}
	}
	return "", fmt.Errorf("there is no column %s", key)
}
