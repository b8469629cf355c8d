package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func secretsBeside(database string) ([][]byte, error) {
	return sealingSecrets(config{DatabaseURL: "sqlite:" + database}, slog.New(slog.DiscardHandler))
}

func TestSecretIsCreatedOnceBesideTheDatabase(t *testing.T) {
	database := filepath.Join(t.TempDir(), "gatehouse.db")
	first, err := secretsBeside(database)
	require.NoError(t, err)
	require.Len(t, first, 1)
	require.GreaterOrEqual(t, len(first[0]), 32)

	again, err := secretsBeside(database)
	require.NoError(t, err)
	require.Equal(t, first, again)

	info, err := os.Stat(database + ".secret")
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	entries, err := os.ReadDir(filepath.Dir(database))
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary file is left")
}

func TestProcessesThatStartTogetherUseTheSameSecret(t *testing.T) {
	database := filepath.Join(t.TempDir(), "gatehouse.db")
	var wg sync.WaitGroup
	results, errs := make([][][]byte, 16), make([]error, 16)
	for i := range results {
		wg.Go(func() { results[i], errs[i] = secretsBeside(database) })
	}
	wg.Wait()
	for i := range results {
		require.NoError(t, errs[i])
		require.Equal(t, results[0], results[i])
	}
}

func TestSecretThatOtherUsersCanReadIsRefused(t *testing.T) {
	database := filepath.Join(t.TempDir(), "gatehouse.db")
	for _, mode := range []os.FileMode{0o640, 0o604, 0o644} {
		require.NoError(t, os.WriteFile(database+".secret", []byte(longSecret), 0o600))
		require.NoError(t, os.Chmod(database+".secret", mode))
		_, err := secretsBeside(database)
		require.ErrorContains(t, err, "chmod 600")
	}
}

func TestSecretThatIsTooShortIsRefusedAndNotReplaced(t *testing.T) {
	database := filepath.Join(t.TempDir(), "gatehouse.db")
	require.NoError(t, os.WriteFile(database+".secret", []byte("half a secre"), 0o600))
	_, err := secretsBeside(database)
	require.ErrorContains(t, err, "at least 32")
	require.NotContains(t, err.Error(), "half a secre")
	kept, err := os.ReadFile(database + ".secret")
	require.NoError(t, err)
	require.Equal(t, "half a secre", string(kept))
}

func TestSecretsOfTheConfigurationReplaceTheFile(t *testing.T) {
	database := filepath.Join(t.TempDir(), "gatehouse.db")
	secrets, err := sealingSecrets(config{DatabaseURL: "sqlite:" + database, Secret: "new", SecretPrevious: "old"}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.Equal(t, [][]byte{[]byte("new"), []byte("old")}, secrets)
	require.NoFileExists(t, database+".secret")
}
