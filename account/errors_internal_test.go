package account

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

func TestEverySignInHasAnOutcome(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want string
	}{
		{nil, "success"},
		{errInvalidCredentials(), "refused"},
		{errInactive(), "refused"},
		{errBlankPassword(), "refused"},
		{errTooManyAttempts(time.Second), "throttled"},
		{fmt.Errorf("account: sign in: %w", gatehouse.ErrUnavailable), "unavailable"},
		{errors.New("a bug"), "failed"},
	} {
		require.Equal(t, tc.want, signInOutcome(tc.err))
		require.True(t, slices.Contains(SignInOutcomes(), tc.want))
	}
}
