package storage_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
	"gatehouse/test/testdb"
)

// BenchmarkHotPath measures the statements that a sign-in of an app costs, with
// commits that wait for the disk.
func BenchmarkHotPath(b *testing.B) {
	for _, engine := range []testdb.Engine{{Name: "SQLite", URL: testdb.SQLite}, {Name: "PostgreSQL", URL: testdb.DurablePostgres}} {
		b.Run(engine.Name, func(b *testing.B) {
			ctx, now := context.Background(), time.Now()
			store := storagetest.Open(b, engine.URL(b))
			pair := storagetest.NewPair(b, store)
			session := gatehouse.Session{ID: gatehouse.NewID(), TokenHash: gatehouse.HashSecret(gatehouse.NewSecret()), UserID: pair.User.ID, CreateAt: now, LastSeenAt: now, ExpiresAt: now.Add(time.Hour)}
			require.NoError(b, store.CreateSession(ctx, session))
			grant := pair.NewGrant(now)
			require.NoError(b, store.CreateGrant(ctx, grant))
			b.Run("CreateGrant alone", func(b *testing.B) {
				for b.Loop() {
					require.NoError(b, store.CreateGrant(ctx, pair.NewGrant(now)))
				}
			})
			for _, call := range []struct {
				name string
				do   func(*storage.Store) error
			}{
				{"CreateGrant", func(s *storage.Store) error { return s.CreateGrant(ctx, pair.NewGrant(now)) }},
				{"Grant", func(s *storage.Store) error { _, _, err := s.Grant(ctx, grant.ID); return err }},
				{"SessionByTokenHash", func(s *storage.Store) error { _, _, err := s.SessionByTokenHash(ctx, session.TokenHash); return err }},
				{"App", func(s *storage.Store) error { _, err := s.App(ctx, pair.App.ID); return err }},
			} {
				b.Run(call.name, func(b *testing.B) {
					b.SetParallelism(16) // 16 callers for each core
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							require.NoError(b, call.do(store))
						}
					})
				})
			}
		})
	}
}
