package storagetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

func inFlightCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"deactivating a user ends a redemption that is not committed": func(t *testing.T, d *database) {
			endsRedemptionInFlight(t, d, func(ctx context.Context, s *storage.Store, p Pair) error {
				return s.DeactivateUser(ctx, p.User.ID, start)
			})
		},
		"a new password ends a redemption that is not committed": func(t *testing.T, d *database) {
			endsRedemptionInFlight(t, d, func(ctx context.Context, s *storage.Store, p Pair) error {
				return s.SetPassword(ctx, p.User.ID, "hash", "", start)
			})
		},
		"revoking a consent ends a redemption that is not committed": func(t *testing.T, d *database) {
			endsRedemptionInFlight(t, d, func(ctx context.Context, s *storage.Store, p Pair) error {
				return s.DeleteConsent(ctx, p.User.ID, p.App.ID, start)
			})
		},
		"deleting an app ends a redemption that is not committed": func(t *testing.T, d *database) {
			endsRedemptionInFlight(t, d, func(ctx context.Context, s *storage.Store, p Pair) error { return s.DeleteApp(ctx, p.App.ID) })
		},
	}
}

// Attack: use the time between the statement that redeems a code and its commit. The
// cases of races.go meet it only by chance. The call that ends the access must wait for the
// commit and then see the grant.
func endsRedemptionInFlight(t *testing.T, d *database, end func(context.Context, *storage.Store, Pair) error) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	db := d.sql()
	redemption, err := db.BeginTx(ctx, nil)
	require.NoError(t, err)
	_, err = redemption.ExecContext(ctx, "INSERT INTO grants (id, consent_id, scopes, resource, generation, create_at, rotated_at, expires_at, revoked_at) "+
		"SELECT 'in-flight', id, 'user', '', 0, 1, 1, 9000000000000, 0 FROM consents")
	require.NoError(t, err)

	ended := make(chan error, 1)
	go func() { ended <- end(ctx, store, pair) }()
	if strings.HasPrefix(d.url, "postgres") { // on SQLite there is only one writer, so the call waits in any case
		require.Eventually(t, func() bool {
			var waiting int
			err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
			return err == nil && waiting == 1
		}, time.Minute, 5*time.Millisecond)
	}
	require.NoError(t, redemption.Commit())
	require.NoError(t, <-ended)
	require.Zero(t, d.count("grants"))
}
