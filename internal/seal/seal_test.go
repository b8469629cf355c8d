package seal_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/seal"
)

type value struct {
	_    struct{} `cbor:",toarray"`
	Name string
	N    int64
}

var (
	oldSecret = bytes.Repeat([]byte("o"), 32)
	newSecret = bytes.Repeat([]byte("n"), 32)
)

func sealer(t *testing.T, prefix string, secrets ...[]byte) *seal.Sealer[value] {
	t.Helper()
	s, err := seal.New[value](prefix, secrets...)
	require.NoError(t, err)
	return s
}

func TestSealAndOpen(t *testing.T) {
	s := sealer(t, "t_", newSecret)
	a, err := s.Seal(value{Name: "ada", N: 7})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(a, "t_"))

	v, err := s.Open(a)
	require.NoError(t, err)
	require.Equal(t, value{Name: "ada", N: 7}, v)

	again, err := s.Seal(value{Name: "ada", N: 7})
	require.NoError(t, err)
	require.Equal(t, a, again, "equal values give equal strings")

	other, err := s.Seal(value{Name: "ada", N: 8})
	require.NoError(t, err)
	require.NotEqual(t, a, other)
}

func TestOpenRefusesEveryChangedByte(t *testing.T) {
	s := sealer(t, "t_", newSecret)
	a, err := s.Seal(value{Name: "ada", N: 7})
	require.NoError(t, err)
	for i := range a {
		b := []byte(a)
		if b[i]++; b[i] == 'z'+1 {
			b[i] = 'a'
		}
		_, err := s.Open(string(b))
		require.ErrorIs(t, err, seal.ErrInvalid, "byte %d changed", i)
	}
	for _, bad := range []string{"", "t_", "t_AAAA", a + "A", a[:len(a)-1], a + "=", " " + a, a + "\n", "t_\r" + a[2:], strings.Repeat("t_A", 5000)} {
		_, err := s.Open(bad)
		require.ErrorIs(t, err, seal.ErrInvalid, "%.40q", bad)
	}
}

func TestOpenRefusesAnotherKind(t *testing.T) {
	code, token := sealer(t, "c_", newSecret), sealer(t, "t_", newSecret)
	sealed, err := code.Seal(value{Name: "ada"})
	require.NoError(t, err)
	_, err = token.Open(sealed)
	require.ErrorIs(t, err, seal.ErrInvalid)
	_, err = token.Open("t_" + strings.TrimPrefix(sealed, "c_"))
	require.ErrorIs(t, err, seal.ErrInvalid)
}

func TestPreviousSecretOpensItsValues(t *testing.T) {
	before := sealer(t, "t_", oldSecret)
	sealed, err := before.Seal(value{Name: "ada"})
	require.NoError(t, err)

	rotated := sealer(t, "t_", newSecret, oldSecret)
	v, err := rotated.Open(sealed)
	require.NoError(t, err)
	require.Equal(t, "ada", v.Name)

	fresh, err := rotated.Seal(value{Name: "ada"})
	require.NoError(t, err)
	_, err = before.Open(fresh)
	require.ErrorIs(t, err, seal.ErrInvalid, "the new secret seals")

	_, err = sealer(t, "t_", newSecret).Open(sealed)
	require.ErrorIs(t, err, seal.ErrInvalid, "a secret that was removed opens nothing")
}

func TestNewRefusesShortSecrets(t *testing.T) {
	_, err := seal.New[value]("t_", []byte("short"))
	require.ErrorContains(t, err, "at least 32 bytes")
	_, err = seal.New[value]("t_")
	require.Error(t, err)
}

func TestKeyDependsOnPurposeAndSecret(t *testing.T) {
	keys := map[string]bool{}
	for _, secret := range []string{"a secret of 32 bytes, or of more", "another one, of 32 bytes or more"} {
		for _, purpose := range []string{"throttle", "other"} {
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
