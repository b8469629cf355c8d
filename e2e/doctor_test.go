package e2e_test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/test/testdb"
)

// examination is what `gatehouse doctor --json` prints.
type examination struct {
	Findings []struct{ Level, ID, Found string }
	Summary  struct{ OK, Warnings, Errors int }
}

// broken returns the ids of the rules that are broken.
func (e examination) broken() []string {
	list := []string{}
	for _, f := range e.Findings {
		if f.Level != "ok" {
			list = append(list, f.ID)
		}
	}
	return list
}

// doctor runs `gatehouse doctor URL --json`.
func doctor(t *testing.T, env []string, url string) examination {
	t.Helper()
	cmd := exec.Command(binary, "doctor", url, "--json", "--timeout", "10m") //nolint:gosec // our own binary
	cmd.Env, cmd.Dir = environment(env...), t.TempDir()
	text, err := cmd.Output() // The exit status is 1 if there are errors.
	var e examination
	require.NoError(t, json.Unmarshal(text, &e), "%v", err)
	require.Equal(t, e.Summary.Errors == 0, err == nil)
	return e
}

func TestDoctorFindsNothingAtTheDemo(t *testing.T) {
	p := launch(t, nil, "demo", "--listen", "127.0.0.1:0", "--client-listen", "127.0.0.1:0")
	line := p.awaitLine(t, p.stdout, "Gateway ")
	e := doctor(t, nil, strings.Fields(line)[1])
	require.Empty(t, e.broken(), "%+v", e.Findings)
	require.Greater(t, e.Summary.OK, 30)
	require.Zero(t, p.stop(t))
}

func TestDoctorJudgesTheCertificateOfTheGateway(t *testing.T) {
	certFile, keyFile, _ := certificate(t) // it ends in an hour
	p := serve(t, "GATEHOUSE_DATABASE_URL="+testdb.SQLite(t), "GATEHOUSE_SITE_URL=https://localhost", "GATEHOUSE_TLS_CERT="+certFile, "GATEHOUSE_TLS_KEY="+keyFile)
	e := doctor(t, nil, "https://"+p.listen[0]) // The certificate is for names only, and the provider is off at first.
	require.Equal(t, []string{"tls.trust", "tls.name", "tls.renewal", "metadata.found"}, e.broken(), "%+v", e.Findings)
	require.Contains(t, e.Findings[len(e.Findings)-1].Found, "A System Admin can turn them on in the console.")
	require.Zero(t, p.stop(t))
}
