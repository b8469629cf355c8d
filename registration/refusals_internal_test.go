package registration

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/internal/web"
)

// The ids and statuses of failures that no request can bring about on purpose (C 1.10, 1.14).
func TestFailuresHaveTheContractsIDs(t *testing.T) {
	disk := errors.New("disk on fire")
	for name, tc := range map[string]struct {
		err    error
		status int
		id     string
	}{
		"saving failed":               {refusal(fmt.Errorf("x: %w", disk), "save_app.save"), 500, "app.oauth.save_app.save.app_error"},
		"updating failed":             {updateRefusal(disk), 500, "app.oauth.update_app.updating.app_error"},
		"gone since it was looked up": {updateRefusal(fmt.Errorf("x: %w", gatehouse.ErrNotFound)), 400, "app.oauth.update_app.find.app_error"},
		"a public app's secret":       {updateRefusal(fmt.Errorf("x: %w", ErrPublicClient)), 400, "api.oauth.regenerate_secret.public_client.app_error"},
		"a rule":                      {updateRefusal(fmt.Errorf("x: %w", &gatehouse.FieldError{Field: "callback_urls", Message: "m"})), 400, "model.oauth.is_valid.callback.app_error"},
		"no database":                 {refusal(fmt.Errorf("x: %w", gatehouse.ErrUnavailable), "save_app.save"), 503, "api.context.unavailable.app_error"},
		"refused already":             {refusal(errNotYours(), "save_app.save"), 403, "api.context.permissions.app_error"},
	} {
		e := web.Public(tc.err)
		require.Equal(t, tc.status, e.Status, name)
		require.Equal(t, tc.id, e.ID, name)
		require.NotContains(t, e.Message, "fire", name)
	}
	require.NoError(t, refusal(nil, "x"))
	require.NoError(t, updateRefusal(nil))
	require.ErrorIs(t, updateRefusal(gatehouse.ErrConflict), gatehouse.ErrConflict, "the pages know what it means")
}
