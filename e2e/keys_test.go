package e2e_test

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testdb"
)

// listedKey is a key in the output of the keys commands.
type listedKey struct {
	ID        string `json:"kid"`
	Algorithm string
	State     string
}

// idsOf returns the ids of the keys of an algorithm in a state.
func idsOf(keys []listedKey, algorithm, state string) (ids []string) {
	for _, k := range keys {
		if k.Algorithm == algorithm && k.State == state {
			ids = append(ids, k.ID)
		}
	}
	return ids
}

// publishedBy returns the ids in the key set of a process.
func publishedBy(t *testing.T, p *process) (ids []string) {
	t.Helper()
	res, err := http.Get(p.url + "/oauth/jwks")
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode, string(body))
	var set struct {
		Keys []struct{ Kid string }
	}
	require.NoError(t, json.Unmarshal(body, &set))
	for _, k := range set.Keys {
		ids = append(ids, k.Kid)
	}
	return ids
}

// Several processes withdraw the keys at once, as several operators do after an alarm.
func TestKeysAreRotatedByCommand(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		env := withAdmin(url)
		nodes := []*process{serve(t, env...), serve(t, env...)}
		old := publishedBy(t, nodes[0])
		require.Len(t, old, 4, "keys of RS256 and of ES256")
		require.Equal(t, old, publishedBy(t, nodes[1]))

		var keys []listedKey
		runJSON(t, env, &keys, "keys", "list")
		require.Len(t, keys, 4)
		require.Len(t, idsOf(keys, "RS256", "signs"), 1)
		require.Len(t, idsOf(keys, "RS256", "next"), 1)
		runJSON(t, env, &keys, "keys", "rotate", "--algorithm", "RS256")
		require.Len(t, keys, 4, "a key that is an hour old at most is not rotated")
		for _, flags := range [][]string{nil, {"--now"}} {
			refused := launch(t, env, append([]string{"keys", "rotate", "--algorithm", "EdDSA"}, flags...)...)
			require.NotZero(t, refused.await(t))
			require.Contains(t, refused.log.String(), "there are no keys of EdDSA yet; the gateway creates them when an app first uses the algorithm")
		}

		processes := make([]*process, 4)
		for i := range processes {
			processes[i] = launch(t, env, "keys", "rotate", "--now", "--algorithm", "ES256")
		}
		for _, p := range processes {
			require.Zero(t, p.await(t), p.log.String())
		}
		runJSON(t, env, &keys, "keys", "list")
		require.Len(t, keys, 4)
		var want []string
		for _, k := range keys {
			want = append(want, k.ID)
		}
		for _, node := range nodes {
			require.Eventually(t, func() bool {
				return slices.Equal(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(publishedBy(t, node))))
			},
				waitTimeout, 50*time.Millisecond)
		}
		for _, id := range append(idsOf(keys, "ES256", "signs"), idsOf(keys, "ES256", "next")...) {
			require.NotContains(t, old, id)
		}
		require.Subset(t, old, idsOf(keys, "RS256", "signs"))

		// Without the secret of the gateway, the command opens nothing.
		other := append([]string{}, env...)
		other[1] = "GATEHOUSE_SECRET=" + rand.Text() + rand.Text()
		runJSON(t, other, &keys, "keys", "list")
		require.Len(t, idsOf(keys, "RS256", "sealed"), 2)
	})
}

func TestKeysCommandsNeedTheSecretOnPostgreSQL(t *testing.T) {
	url := testdb.Postgres(t)
	run(t, []string{"GATEHOUSE_DATABASE_URL=" + url}, "migrate", "up")
	cmd := exec.Command(binary, "keys", "list")
	cmd.Env = environment("GATEHOUSE_DATABASE_URL=" + url)
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "GATEHOUSE_SECRET is not set; run the command with the environment of the gateway")
}
