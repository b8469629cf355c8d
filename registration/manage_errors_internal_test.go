package registration

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/internal/web"
)

// A request can't cause these failures on purpose, so their ids and statuses are tested
// here (C 1.10, 1.14).
func TestFailuresHaveTheContractsIDs(t *testing.T) {
	disk := errors.New("disk on fire")
	for name, tc := range map[string]struct {
		err    error
		status int
		id     string
	}{
		"saving failed":               {serviceError(fmt.Errorf("x: %w", disk), "save_app.save"), 500, "app.oauth.save_app.save.app_error"},
		"updating failed":             {changeError(disk), 500, "app.oauth.update_app.updating.app_error"},
		"app deleted in the meantime": {changeError(fmt.Errorf("x: %w", gatehouse.ErrNotFound)), 400, "app.oauth.update_app.find.app_error"},
		"secret of a public app":      {changeError(fmt.Errorf("x: %w", ErrPublicClient)), 400, "api.oauth.regenerate_secret.public_client.app_error"},
		"broken rule":                 {changeError(fmt.Errorf("x: %w", &gatehouse.FieldError{Field: "callback_urls", Message: "m"})), 400, "model.oauth.is_valid.callback.app_error"},
		"database unavailable":        {serviceError(fmt.Errorf("x: %w", gatehouse.ErrUnavailable), "save_app.save"), 503, "api.context.unavailable.app_error"},
		"already a refusal":           {serviceError(errNotCreator(), "save_app.save"), 403, "api.context.permissions.app_error"},
	} {
		e := web.Public(tc.err)
		require.Equal(t, tc.status, e.Status, name)
		require.Equal(t, tc.id, e.ID, name)
		require.NotContains(t, e.Message, "fire", name)
	}
	require.NoError(t, serviceError(nil, "x"))
	require.NoError(t, changeError(nil))
	require.ErrorIs(t, changeError(gatehouse.ErrConflict), gatehouse.ErrConflict, "the pages handle it")
}
