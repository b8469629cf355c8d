package storage

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The cost of a request must not grow with the number of rows.
func TestTheHotPathScansNoTable(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "gatehouse.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.MigrateUp(ctx))
	for name, statement := range map[string]string{
		"redeem a code": insertGrant, "get a grant": selectGrant, "refresh": rotateGrant, "revoke a grant": revokeGrant,
		"mark a grant as used": markGrantUsed, "mark grace": markGrace,
		"get a session": selectSession, "get a consent": selectConsent,
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
