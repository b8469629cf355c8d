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
		"deactivating a user takes a redemption in flight along": func(t *testing.T, d *database) {
			endsRedemptionInFlight(t, d, func(ctx context.Context, s *storage.Store, p Person) error {
				return s.DeactivateUser(ctx, p.User.ID, start)
			})
		},
		"a new password takes a redemption in flight along": func(t *testing.T, d *database) {
			endsRedemptionInFlight(t, d, func(ctx context.Context, s *storage.Store, p Person) error {
				return s.SetPassword(ctx, p.User.ID, "hash", "", start)
			})
		},
		"revoking an app takes a redemption in flight along": func(t *testing.T, d *database) {
			endsRedemptionInFlight(t, d, func(ctx context.Context, s *storage.Store, p Person) error {
				return s.DeleteConsent(ctx, p.User.ID, p.App.ID)
			})
		},
		"deleting an app takes a redemption in flight along": func(t *testing.T, d *database) {
			endsRedemptionInFlight(t, d, func(ctx context.Context, s *storage.Store, p Person) error { return s.DeleteApp(ctx, p.App.ID) })
		},
	}
}

// Attack: hit the moment between the statement that redeems a code and its
// commit, which the races find by luck only. What ends access must wait for the
// commit, and then see it.
func endsRedemptionInFlight(t *testing.T, d *database, end func(context.Context, *storage.Store, Person) error) {
	ctx, store := context.Background(), d.node()
	person := NewPerson(t, store)
	behind := d.behind()
	redemption, err := behind.BeginTx(ctx, nil)
	require.NoError(t, err)
	_, err = redemption.ExecContext(ctx, "INSERT INTO grants (id, consent_id, scopes, resource, generation, create_at, rotated_at, expires_at, revoked_at) "+
		"SELECT 'in-flight', id, 'user', '', 0, 1, 1, 9000000000000, 0 FROM consents")
	require.NoError(t, err)

	ended := make(chan error, 1)
	go func() { ended <- end(ctx, store, person) }()
	if strings.HasPrefix(d.url, "postgres") { // SQLite has one writer: whoever asks, waits
		require.Eventually(t, func() bool {
			var waiting int
			err := behind.QueryRowContext(ctx, "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
			return err == nil && waiting == 1
		}, 5*time.Second, 5*time.Millisecond)
	}
	require.NoError(t, redemption.Commit())
	require.NoError(t, <-ended)
	require.Zero(t, d.count("grants"))
}
