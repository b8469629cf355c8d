package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long something may take that should take a moment.
const patience = 30 * time.Second

// process is a running gatehouse.
type process struct {
	cmd    *exec.Cmd
	url    string   // of the gateway
	listen []string // every address that it listens on
	log    *output  // standard error
	stdout *output
	exited chan struct{}
	status int // once exited
}

// environment is what every process gets, and nothing of ours.
func environment(more ...string) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "TMPDIR=" + os.TempDir()}
	return append(env, more...)
}

// launch starts gatehouse without waiting for anything. It is killed at the end
// of the test at the latest.
func launch(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	return launchProgram(t, binary, env, args...)
}

func launchProgram(t *testing.T, program string, env []string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program, args...), log: newOutput(), stdout: newOutput(), exited: make(chan struct{})} //nolint:gosec // our own binary
	p.cmd.Dir = t.TempDir()
	// A process that is killed leaves its temporary files, such as the database of the demo.
	p.cmd.Env = environment(append([]string{"TMPDIR=" + p.cmd.Dir}, env...)...)
	p.cmd.Stderr, p.cmd.Stdout = p.log, p.stdout
	require.NoError(t, p.cmd.Start())
	go func() {
		err := p.cmd.Wait()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			_, _ = p.log.Write([]byte(err.Error()))
		}
		p.status = p.cmd.ProcessState.ExitCode()
		close(p.exited)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // It may have ended.
		<-p.exited
		if t.Failed() {
			t.Logf("log of gatehouse %s:\n%s", strings.Join(args, " "), p.log)
		}
	})
	return p
}

// serve starts a gateway on a free port and waits until it runs.
func serve(t *testing.T, env ...string) *process {
	t.Helper()
	return serveProgram(t, binary, env...)
}

func serveProgram(t *testing.T, program string, env ...string) *process {
	t.Helper()
	p := launchProgram(t, program, append([]string{"GATEHOUSE_LISTEN=127.0.0.1:0", "GATEHOUSE_LOG_LEVEL=debug"}, env...), "serve")
	var running struct{ Listen []string }
	require.NoError(t, json.Unmarshal([]byte(p.awaitLine(t, p.log, "gatehouse is running")), &running), p.log)
	p.listen, p.url = running.Listen, "http://"+running.Listen[0]
	return p
}

// awaitLine waits for a line that holds the text.
func (p *process) awaitLine(t *testing.T, o *output, text string) string {
	t.Helper()
	deadline := time.After(patience)
	for {
		line, changed := o.find(text)
		if line != "" {
			return line
		}
		select {
		case <-changed:
		case <-p.exited:
			if line, _ := o.find(text); line != "" {
				return line
			}
			require.FailNow(t, "gatehouse ended early", "%s\n%s", p.log, p.stdout)
		case <-deadline:
			require.FailNow(t, "gatehouse did not say "+text, "%s\n%s", p.log, p.stdout)
		}
	}
}

// stop asks it to stop and returns the exit status.
func (p *process) stop(t *testing.T) int {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	return p.await(t)
}

// kill ends it at once, as a crash would.
func (p *process) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Kill())
	<-p.exited
}

// await waits until it has ended and returns the exit status.
func (p *process) await(t *testing.T) int {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		require.FailNow(t, "gatehouse does not end", p.log)
	}
	return p.status
}

// run runs a command to its end and returns its standard output. It must succeed.
func run(t *testing.T, env []string, args ...string) string {
	t.Helper()
	p := launch(t, env, args...)
	require.Zero(t, p.await(t), "%s", p.log)
	return p.stdout.String()
}

// runJSON is run with --json.
func runJSON(t *testing.T, env []string, answer any, args ...string) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(run(t, env, append(args, "--json")...)), answer))
}

// output collects what a process writes.
type output struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	changed chan struct{} // closed and replaced by each write
}

func newOutput() *output { return &output{changed: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// find returns the first complete line that holds the text, and what is closed
// when there is more to look at.
func (o *output) find(text string) (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := bufio.NewReader(bytes.NewReader(o.buf.Bytes()))
	for {
		line, err := r.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return "", o.changed
		}
		if strings.Contains(line, text) {
			return strings.TrimSpace(line), nil
		}
	}
}
