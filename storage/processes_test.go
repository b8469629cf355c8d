package storage_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
	"gatehouse/test/testdb"
)

// Environment variables that make this test binary the other process of a test below.
const (
	otherRole    = "GATEHOUSE_TEST_OTHER_PROCESS"
	otherURL     = "GATEHOUSE_TEST_OTHER_URL"
	otherConsent = "GATEHOUSE_TEST_OTHER_CONSENT"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(otherRole); role != "" {
		if err := otherProcess(role, os.Getenv(otherURL), os.Getenv(otherConsent)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// otherProcess redeems codes, and writes the id of each one that it redeemed after the
// store confirmed it: the same 100 codes as the other processes, or codes of its own
// until it is killed.
func otherProcess(role, url, consentID string) error {
	ctx := context.Background()
	store, err := storage.Open(ctx, storage.Options{URL: url})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if err := store.MigrateUp(ctx); err != nil {
		return err
	}
	for i := 0; role == "endless" || i < 100; i++ {
		id := fmt.Sprintf("code-%d", i)
		now := time.Now()
		err := store.CreateGrant(ctx, gatehouse.Grant{ID: id, ConsentID: consentID, CreateAt: now, RotatedAt: now, ExpiresAt: now.Add(time.Hour)})
		switch {
		case err == nil:
			fmt.Println(id)
		case !errors.Is(err, gatehouse.ErrConflict):
			return err
		}
	}
	return nil
}

func other(role, url, consentID string) *exec.Cmd {
	cmd := exec.Command(os.Args[0]) //nolint:gosec // this test binary
	cmd.Env = append(os.Environ(), otherRole+"="+role, otherURL+"="+url, otherConsent+"="+consentID)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestProcessesShareADatabase(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		store := storagetest.Open(t, url)
		pair := storagetest.NewPair(t, store)
		outputs := make(chan string, 3)
		failures := make(chan error, 3)
		for range 3 {
			go func() {
				out, err := other("racer", url, pair.Consent.ID).Output()
				outputs <- string(out)
				failures <- err
			}()
		}
		var redeemed []string
		for range 3 {
			redeemed = append(redeemed, strings.Fields(<-outputs)...)
			require.NoError(t, <-failures)
		}
		unique := map[string]bool{}
		for _, id := range redeemed {
			require.False(t, unique[id], "%s was redeemed twice", id)
			unique[id] = true
		}
		require.Len(t, unique, 100)
	})
}

// Attack: crash Gatehouse so that it forgets that a code was redeemed (CVE-2026-9802).
func TestConfirmedWritesSurviveAKill(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		store := storagetest.Open(t, url)
		pair := storagetest.NewPair(t, store)
		cmd := other("endless", url, pair.Consent.ID)
		stdout, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		var confirmed []string
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if confirmed = append(confirmed, lines.Text()); len(confirmed) == 50 {
				require.NoError(t, cmd.Process.Kill())
			}
		}
		require.Error(t, cmd.Wait(), "it was killed")
		require.GreaterOrEqual(t, len(confirmed), 50)
		for _, id := range confirmed {
			_, _, err := store.Grant(ctx, id)
			require.NoError(t, err)
		}
		require.NoError(t, store.CreateGrant(ctx, pair.NewGrant(time.Now())), "the killed process holds no lock")
	})
}
