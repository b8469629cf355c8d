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

// waitTimeout is how long the tests wait for something that takes a moment.
const waitTimeout = 30 * time.Second

// process is a running gatehouse.
type process struct {
	cmd    *exec.Cmd
	url    string   // of the gateway
	listen []string // every address that it listens on
	log    *output  // standard error
	stdout *output
	exited chan struct{}
	status int // valid after exited is closed
}

// environment returns the environment of a process. It does not inherit GATEHOUSE_ variables.
func environment(more ...string) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "TMPDIR=" + os.TempDir()}
	return append(env, more...)
}

// launch starts gatehouse and does not wait. The process is killed at the end of the test
// if it is still running.
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
		_ = p.cmd.Process.Kill() // The process may have ended already.
		<-p.exited
		if t.Failed() {
			t.Logf("log of gatehouse %s:\n%s", strings.Join(args, " "), p.log)
		}
	})
	return p
}

// serve starts a gateway on a free port and waits until it is running.
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

// awaitLine waits for a line that contains the text.
func (p *process) awaitLine(t *testing.T, o *output, text string) string {
	t.Helper()
	deadline := time.After(waitTimeout)
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
			require.FailNow(t, "gatehouse did not print "+text, "%s\n%s", p.log, p.stdout)
		}
	}
}

// stop sends SIGTERM and returns the exit status.
func (p *process) stop(t *testing.T) int {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	return p.await(t)
}

// kill ends the process immediately, like a crash.
func (p *process) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Kill())
	<-p.exited
}

// await waits for the end of the process and returns the exit status.
func (p *process) await(t *testing.T) int {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(waitTimeout):
		require.FailNow(t, "gatehouse did not end", p.log)
	}
	return p.status
}

// run runs a command, which must succeed, and returns its standard output.
func run(t *testing.T, env []string, args ...string) string {
	t.Helper()
	p := launch(t, env, args...)
	require.Zero(t, p.await(t), "%s", p.log)
	return p.stdout.String()
}

// runJSON runs a command with --json and decodes its output.
func runJSON(t *testing.T, env []string, answer any, args ...string) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(run(t, env, append(args, "--json")...)), answer))
}

// output collects the output of a process.
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

// find returns the first complete line that contains the text. If there is no such line
// yet, it returns a channel that is closed when there is more output.
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
