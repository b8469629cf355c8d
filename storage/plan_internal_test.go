package storage

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a request costs must not grow with what is stored.
func TestTheHotPathScansNoTable(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "gatehouse.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.MigrateUp(ctx))
	for name, statement := range map[string]string{
		"redeem a code": insertGrant, "look a grant up": selectGrant, "refresh": rotateGrant, "look a session up": selectSession,
		"look a consent up": selectConsent,
	} {
		var plan []struct{ Detail string }
		args := make([]any, strings.Count(statement, "?"))
		require.NoError(t, s.write(ctx).Raw("EXPLAIN QUERY PLAN "+statement, args...).Scan(&plan).Error)
		require.NotEmpty(t, plan, name)
		for _, step := range plan {
			if step.Detail != "SCAN CONSTANT ROW" {
				require.NotContains(t, step.Detail, "SCAN", name)
			}
		}
	}
}
