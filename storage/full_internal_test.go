package storage

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

func TestAFullDiskIsUnavailableAndLosesNothing(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "gatehouse.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.MigrateUp(ctx))
	// SQLite's own way to have no room left: the same code as from the file system.
	var pages int
	require.NoError(t, scanOne(s.write(ctx).Raw("PRAGMA page_count"), &pages))
	require.NoError(t, scanOne(s.write(ctx).Raw("PRAGMA max_page_count = 60"), &pages))

	event := gatehouse.AuditEvent{At: time.Now(), Event: "e", Detail: strings.Repeat("x", maxAuditDetail)}
	written := 0
	for err = nil; err == nil; written++ {
		require.Less(t, written, 10_000)
		err = s.RecordAuditEvent(ctx, event)
	}
	require.ErrorIs(t, err, gatehouse.ErrUnavailable)
	require.ErrorContains(t, err, "full")
	events, err := s.AuditEvents(ctx, "", 10_000)
	require.NoError(t, err, "what can be answered is answered")
	require.Len(t, events, written-1)
	require.NoError(t, s.Ready(ctx))

	require.NoError(t, scanOne(s.write(ctx).Raw("PRAGMA max_page_count = 100000"), &pages))
	require.NoError(t, s.RecordAuditEvent(ctx, event), "somebody made room")
}
