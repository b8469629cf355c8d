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

// tables are what there is to move, in the order in which rows may refer to
// others, with their primary keys.
func tables() []table {
	return []table{
		{"users", "id"}, {"sessions", "id"}, {"apps", "id"}, {"consents", "id"},
		{"grants", "id"}, {"settings", "key"}, {"audit_events", "id"}, {"rate_limits", "id"},
	}
}

type table struct{ name, key string }

// Moved says how many rows of a table were copied.
type Moved struct {
	Table string
	Rows  int64
}

// moveBatch is how many rows are in memory at once. A statement may have 32,766
// parameters on SQLite, and no table has more than 18 columns.
const moveBatch = 500

// ErrNotEmpty: there is something where an empty database is needed.
var ErrNotEmpty = errors.New("storage: the database is not empty")

// Move copies everything in from to the empty database to, with the same ids and
// times, so that what was issued before goes on working. It reads one moment of
// from, which nobody should be changing any more, and commits on to once, when
// the numbers of rows agree; else nothing changes there.
//
//   - ErrNotEmpty: to has rows.
//   - gatehouse.ErrUnavailable: the schemas are not both the one that this program knows.
func Move(ctx context.Context, from, to *Store) ([]Moved, error) {
	for _, s := range []*Store{from, to} {
		if err := s.current(ctx); err != nil {
			return nil, err
		}
	}
	var moved []Moved
	err := from.read(ctx).Transaction(func(source *gorm.DB) error {
		return to.transact(ctx, func(target *gorm.DB) error {
			if err := to.keepOthersOut(target); err != nil {
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

// current reports whether the schema is exactly this program's: unlike Ready, also
// that no newer version has changed it.
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
		err = fmt.Errorf("%w: the database is at migration %d and this program at %d; use the version of Gatehouse that the database is of", gatehouse.ErrUnavailable, version, latest)
	}
	return s.fail("move", err)
}

// snapshot makes a transaction see one moment. On SQLite every one does.
func (s *Store) snapshot() *sql.TxOptions {
	if s.file != "" {
		return &sql.TxOptions{}
	}
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

// keepOthersOut makes sure that the target is empty and that no gateway that
// starts on it makes its first user meanwhile.
func (s *Store) keepOthersOut(tx *gorm.DB) error {
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
			return fmt.Errorf("%w: there are %d rows in %s", ErrNotEmpty, n, t.name)
		}
	}
	return nil
}

// move copies the table in batches, each from where the one before ended, and
// returns how many rows there are on both sides.
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
		err = fmt.Errorf("of %d rows %d arrived", before, after)
	}
	return after, err
}

func (t table) count(tx *gorm.DB) (n int64, err error) {
	return n, scanOne(tx.Raw("SELECT COUNT(*) FROM "+t.name), &n)
}

// read returns the next rows after the key last, each as its values.
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
			if n, ok := row[i].(int64); ok && c.DatabaseTypeName() == "BOOLEAN" { // SQLite has no other
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
