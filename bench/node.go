package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// node is one process of the gateway.
type node struct {
	url     string
	process *exec.Cmd
}

// startNode starts the binary. under is a command that starts it, such as "cgexec -g
// cpu:bench", or empty. That command must replace itself with the gateway (exec), because
// this process is measured.
func startNode(ctx context.Context, under []string, binary, listen, dir string, environment []string) (*node, error) {
	command := append(under, binary, "serve")
	n := &node{url: "http://" + listen, process: exec.CommandContext(ctx, command[0], command[1:]...)} //nolint:gosec // the caller chooses the binary
	n.process.Env, n.process.Dir, n.process.Stderr = append(environment, "GATEHOUSE_LISTEN="+listen), dir, os.Stderr
	if err := n.process.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", strings.Join(command, " "), err)
	}
	return n, nil
}

func (n *node) waitUntilReady(ctx context.Context, client *http.Client) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for poll := time.NewTicker(50 * time.Millisecond); ; {
		if r, err := http.NewRequestWithContext(ctx, http.MethodGet, n.url+"/readyz", nil); err == nil {
			if a, err := do(client, r); err == nil && a.status == http.StatusOK {
				return nil
			}
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return errors.New("the gateway was not ready within 20 s")
		}
	}
}

// cpu returns the processor time that the process has used so far (Linux; proc(5): utime
// and stime are fields 14 and 15, in hundredths of a second). Other processes of the
// machine do not change it.
func (n *node) cpu() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n.process.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	var user, system int64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		return 0
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// memory returns the resident set size of the process (Linux).
func (n *node) memory() string {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.process.Process.Pid))
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(status)) {
		if rss, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strings.TrimSpace(rss)
		}
	}
	return "unknown"
}

func (n *node) stop() {
	_ = n.process.Process.Signal(syscall.SIGTERM)
	_ = n.process.Wait()
}
