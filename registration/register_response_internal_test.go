package registration

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

func TestEveryRegistrationHasAListedOutcome(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want string
	}{
		{nil, "registered"},
		{invalidMetadata("It is wrong."), "invalid_client_metadata"},
		{invalidRedirectURI("It is wrong."), "invalid_redirect_uri"},
		{&registrationError{codeUnsupported, "It is off."}, "unsupported_operation"},
		{&http.MaxBytesError{Limit: 1}, "invalid_client_metadata"},
		{&rateLimitError{time.Second}, "throttled"},
		{fmt.Errorf("registration: settings: %w", gatehouse.ErrUnavailable), "unavailable"},
		{errors.New("a bug"), "failed"},
	} {
		require.Equal(t, tc.want, outcomeOf(tc.err))
		require.Contains(t, RegistrationOutcomes(), tc.want)
	}
}
