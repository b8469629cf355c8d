package storage_test

import (
	"database/sql"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// openFile opens a SQLite file behind the store's back.
func openFile(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// scratch overwrites every page of a SQLite file but the first, which holds the
// header and the schema.
func scratch(content []byte) []byte {
	const page = 4096
	content = slices.Clone(content)
	for i := page; i < len(content); i += page {
		copy(content[i:min(i+64, len(content))], "scratched scratched scratched scratched scratched scratched scra")
	}
	return content
}
