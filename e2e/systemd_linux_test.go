package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// unit copies a unit of deploy/systemd with the programs that it starts replaced by one
// that exists, since systemd-analyze checks that.
func unit(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../deploy/systemd", name))
	require.NoError(t, err)
	content := strings.NewReplacer("/usr/local/bin/gatehouse", binary, "/usr/local/lib/gatehouse/backup.sh", binary).Replace(string(text))
	path := filepath.Join(dir, name)
	write(t, path, content)
	return path
}

func systemdAnalyze(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("systemd-analyze", args...).CombinedOutput() //nolint:gosec // our own arguments
	require.NoError(t, err, "%s\nIf the program is missing, run .ci/needs.", out)
	return string(out)
}

// TestSystemdUnits lets systemd itself read the units, also with the drop-in files, and rate
// what the service can still do: 0 is nothing, 10 is everything.
func TestSystemdUnits(t *testing.T) {
	dir := t.TempDir()
	service, backup := unit(t, dir, "gatehouse.service"), unit(t, dir, "gatehouse-backup.service")
	timer := unit(t, dir, "gatehouse-backup.timer")
	require.Empty(t, systemdAnalyze(t, "verify", "--man=no", service, backup, timer), "systemd has no complaint")

	for dropIn, limit := range map[string]float64{"": 1.5, "credentials": 1.5, "low-port": 2.0} {
		require.NoError(t, os.RemoveAll(service+".d"))
		if dropIn != "" {
			text, err := os.ReadFile("../deploy/systemd/gatehouse.service.d/" + dropIn + ".conf.example")
			require.NoError(t, err)
			require.NoError(t, os.Mkdir(service+".d", 0o700))
			write(t, filepath.Join(service+".d", dropIn+".conf"), string(text))
			require.Empty(t, systemdAnalyze(t, "verify", "--man=no", service), dropIn)
		}
		out := systemdAnalyze(t, "security", "--offline=yes", "--no-pager", service)
		score := regexp.MustCompile(`Overall exposure level for gatehouse\.service: ([0-9.]+)`).FindStringSubmatch(out)
		require.NotNil(t, score, out)
		exposure, err := strconv.ParseFloat(score[1], 64)
		require.NoError(t, err)
		require.LessOrEqual(t, exposure, limit, "%s: %s", dropIn, out)
	}
}
