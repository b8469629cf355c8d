package compose_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestContainersHaveMinimalPrivileges(t *testing.T) {
	for _, service := range append(nodes(), "proxy", "postgres") {
		t.Run(service, func(t *testing.T) {
			var found []struct {
				Config     struct{ Env []string }
				HostConfig struct {
					ReadonlyRootfs, Privileged bool
					CapDrop, SecurityOpt       []string
					Memory, NanoCpus           int64
					PidsLimit                  *int64
				}
			}
			require.NoError(t, json.Unmarshal([]byte(docker(t, "inspect", container(t, service))), &found))
			host := found[0].HostConfig
			require.True(t, host.ReadonlyRootfs)
			require.False(t, host.Privileged)
			require.Equal(t, []string{"ALL"}, host.CapDrop)
			require.Contains(t, strings.Join(host.SecurityOpt, " "), "no-new-privileges")
			require.Positive(t, host.Memory)
			require.Positive(t, host.NanoCpus)
			require.NotNil(t, host.PidsLimit)
			for _, variable := range found[0].Config.Env {
				name, value, _ := strings.Cut(variable, "=")
				if strings.Contains(name, "SECRET") || strings.Contains(name, "PASSWORD") || strings.Contains(name, "DATABASE_URL") {
					require.True(t, strings.HasSuffix(name, "_FILE") && strings.HasPrefix(value, "/run/"), "secrets are in files: %s", name)
				}
			}
		})
	}
}

func TestImageHoldsOnlyTheGatewayAndIsNotRoot(t *testing.T) {
	id := container(t, "gateway-1")
	require.Equal(t, "65532:65532", docker(t, "inspect", "-f", "{{.Config.User}}", id))
	for _, program := range []string{"sh", "/bin/sh", "/busybox/sh", "apt-get"} {
		_, err := trySh(t, `docker exec "$1" "$2"`, id, program)
		require.ErrorContains(t, err, "unable to start container process", program)
	}
	require.Contains(t, gatehouse(t, "healthcheck"), "ready")
}

func TestSecretsAreReadableOnlyWhereNeeded(t *testing.T) {
	for _, service := range []string{"proxy", "postgres"} {
		_, err := trySh(t, `compose exec -T "$1" ls /run/gatehouse`, service)
		require.Error(t, err, service)
	}
	list := sh(t, `compose run --rm --no-deps -T --entrypoint '/bin/sh -c' init 'stat -c "%a %u %n" /secrets/gateway/* /secrets/tls/tls.key'`)
	require.Contains(t, list, "400 65532 /secrets/gateway/secret\n")
	require.Contains(t, list, "400 65532 /secrets/gateway/admin-password\n")
	require.Contains(t, list, "400 101 /secrets/tls/tls.key")
	for line := range strings.Lines(list) {
		require.True(t, strings.HasPrefix(line, "400 "), line)
	}
}
