package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stepped is a gateway whose clock can be set while it runs. As on a real machine, the
// monotonic clock and the timers do not change.
type stepped struct {
	*process
	clock string // the file with the number of seconds by which the clock is wrong
}

var steppedOnce = struct {
	sync.Once
	program string
}{}

// steppedProgram builds the gateway once. In this build, time.Now of the standard library
// adds a number of seconds, and an additional file of package main reads this number.
func steppedProgram(t *testing.T) string {
	t.Helper()
	steppedOnce.Do(func() { steppedOnce.program = buildStepped(t, filepath.Dir(binary)) })
	require.NotEmpty(t, steppedOnce.program, "the build failed in an earlier test")
	return steppedOnce.program
}

func buildStepped(t *testing.T, dir string) string {
	t.Helper()
	goroot, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	require.NoError(t, err)
	standard := filepath.Join(strings.TrimSpace(string(goroot)), "src", "time", "time.go")
	source, err := os.ReadFile(standard)
	require.NoError(t, err)
	changed := string(source)
	for _, change := range [][2]string{
		{"import (\n", "import (\n\t\"sync/atomic\"\n"},
		{"func Now() Time {\n", "var SteppedBy atomic.Int64\n\nfunc Now() Time {\n"},
		{"\tsec, nsec, mono := runtimeNow()\n", "\tsec, nsec, mono := runtimeNow()\n\tsec += SteppedBy.Load()\n"},
	} {
		require.Equal(t, 1, strings.Count(changed, change[0]), "the source of time.Now has changed in this Go version; adapt this test (%q)", change[0])
		changed = strings.Replace(changed, change[0], change[1], 1)
	}
	write := func(name, content string) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		return file
	}
	command, err := filepath.Abs("../cmd/gatehouse")
	require.NoError(t, err)
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{
		standard: write("time.go", changed),
		filepath.Join(command, "stepped.go"): write("stepped.go", `package main

import ("os"; "strconv"; "strings"; "time")

func init() {
	go func() {
		for range time.Tick(time.Millisecond) {
			if content, err := os.ReadFile(os.Getenv("STEPPED_BY")); err == nil {
				if seconds, err := strconv.ParseInt(strings.TrimSpace(string(content)), 10, 64); err == nil {
					time.SteppedBy.Store(seconds)
				}
			}
		}
	}()
}
`),
	}})
	require.NoError(t, err)
	program := filepath.Join(dir, "gatehouse-stepped")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-overlay", write("overlay.json", string(overlay)), "-o", program, "gatehouse/cmd/gatehouse") //nolint:gosec // our own command
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

// serveStepped is serve with a clock that is wrong from the start.
func serveStepped(t *testing.T, program string, by time.Duration, env ...string) stepped {
	t.Helper()
	s := stepped{clock: filepath.Join(t.TempDir(), "clock")}
	s.write(t, by)
	s.process = serveProgram(t, program, append(env, "STEPPED_BY="+s.clock)...)
	s.step(t, by)
	return s
}

// step sets the clock and waits until the gateway uses it.
func (s stepped) step(t *testing.T, by time.Duration) {
	t.Helper()
	s.write(t, by)
	require.Eventually(t, func() bool {
		_, header, _ := status(t, s.url+"/healthz")
		date, err := http.ParseTime(header.Get("Date"))
		return err == nil && (time.Until(date)-by).Abs() < 30*time.Second
	}, waitTimeout, 10*time.Millisecond)
}

func (s stepped) write(t *testing.T, by time.Duration) {
	t.Helper()
	seconds, err := json.Marshal(int64(by.Seconds()))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(s.clock+".new", seconds, 0o600))
	require.NoError(t, os.Rename(s.clock+".new", s.clock))
}
