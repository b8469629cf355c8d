package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const redirectURI = "https://app.example.com/cb"

// gateway is the process under load.
type gateway struct {
	url     string
	session string
	app     struct {
		ID           string `json:"id"`
		ClientSecret string `json:"client_secret"`
	}
	client  *http.Client
	process *exec.Cmd
	dir     string
}

// startGateway starts the binary and makes a user with a session and a trusted app.
func startGateway(ctx context.Context, binary, database string) (_ *gateway, err error) {
	binary, err = filepath.Abs(binary)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "gatehouse-bench-")
	if err != nil {
		return nil, err
	}
	g := &gateway{dir: dir, client: &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 256},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       30 * time.Second,
	}}
	defer func() {
		if err != nil {
			g.stop()
		}
	}()
	if database == "" {
		database = "sqlite:" + filepath.Join(dir, "gatehouse.db")
	}
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	g.url = "http://" + listen
	password := rand.Text()
	// Nothing of the caller's own configuration has a say.
	inherited := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GATEHOUSE_") })
	environment := append(inherited, "GATEHOUSE_DATABASE_URL="+database, "GATEHOUSE_LISTEN="+listen, "GATEHOUSE_SITE_URL="+g.url,
		"GATEHOUSE_SECRET="+rand.Text()+rand.Text(), "GATEHOUSE_ENABLE_OAUTH_SERVICE_PROVIDER=true", "GATEHOUSE_LOG_LEVEL=error",
		"GATEHOUSE_ADMIN_USERNAME=bench", "GATEHOUSE_ADMIN_EMAIL=bench@example.com", "GATEHOUSE_ADMIN_PASSWORD="+password)

	g.process = exec.CommandContext(ctx, binary, "serve")
	g.process.Env, g.process.Dir, g.process.Stderr = environment, dir, os.Stderr
	if err := g.process.Start(); err != nil {
		return nil, err
	}
	if err := g.waitUntilReady(ctx); err != nil {
		return nil, err
	}
	create := exec.CommandContext(ctx, binary, "app", "create", "--name", "Bench", "--callback-url", redirectURI, "--trusted", "--json")
	create.Env, create.Dir, create.Stderr = environment, dir, os.Stderr
	out, err := create.Output()
	if err != nil {
		return nil, fmt.Errorf("app create: %w", err)
	}
	if err := json.Unmarshal(out, &g.app); err != nil {
		return nil, fmt.Errorf("app create: %w: %s", err, out)
	}
	return g, g.signIn(ctx, "bench", password)
}

func (g *gateway) signIn(ctx context.Context, login, password string) error {
	body, err := json.Marshal(map[string]string{"login_id": login, "password": password})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url+"/api/v4/users/login", bytes.NewReader(body))
	if err != nil {
		return err
	}
	a, err := g.do(r)
	if err != nil {
		return err
	}
	if g.session = a.header.Get("Token"); g.session == "" {
		return fmt.Errorf("sign in: %d: %s", a.status, a.body)
	}
	return nil
}

func (g *gateway) waitUntilReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for poll := time.NewTicker(50 * time.Millisecond); ; {
		if r, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url+"/readyz", nil); err == nil {
			if a, err := g.do(r); err == nil && a.status == http.StatusOK {
				return nil
			}
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return errors.New("the gateway did not get ready within 20 s")
		}
	}
}

// cpu is the processor time that the process has used so far (Linux; proc(5):
// utime and stime are the 14th and 15th field, in hundredths of a second). It
// does not depend on what else the machine is doing.
func (g *gateway) cpu() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", g.process.Process.Pid))
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

// memory is the resident set of the process (Linux).
func (g *gateway) memory() string {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", g.process.Process.Pid))
	if err != nil {
		return "unknown here"
	}
	for _, line := range strings.Split(string(status), "\n") {
		if rss, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strings.TrimSpace(rss)
		}
	}
	return "unknown here"
}

func (g *gateway) stop() {
	if g.process != nil && g.process.Process != nil {
		_ = g.process.Process.Signal(syscall.SIGTERM)
		_ = g.process.Wait()
	}
	_ = os.RemoveAll(g.dir)
}

func freeAddress() (string, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
