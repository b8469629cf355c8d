package seal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/seal"
)

func TestKeyDependsOnPurposeAndSecret(t *testing.T) {
	keys := map[string]bool{}
	for _, secret := range []string{"a secret of 32 bytes, or of more", "another one, of 32 bytes or more"} {
		for _, purpose := range []string{"throttle", "else"} {
			key, err := seal.Key(purpose, []byte(secret))
			require.NoError(t, err)
			require.Len(t, key, 32)
			again, err := seal.Key(purpose, []byte(secret))
			require.NoError(t, err)
			require.Equal(t, key, again)
			keys[string(key)] = true
		}
	}
	require.Len(t, keys, 4)
}
