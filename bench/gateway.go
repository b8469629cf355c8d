package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

const redirectURI = "https://app.example.com/cb"

// gateway is the gateway under load: one node, or several nodes that share a database.
type gateway struct {
	nodes   []*node
	turn    atomic.Uint64
	session string
	apps    map[string]app // one for each algorithm of ID tokens
	client  *http.Client
	dir     string
}

// app is a trusted app.
type app struct {
	ID           string `json:"id"`
	ClientSecret string `json:"client_secret"`
}

// The algorithms of ID tokens. The app for RS256 also serves the scenarios without an ID
// token.
const (
	rs256 = "RS256"
	es256 = "ES256"
	eddsa = "EdDSA"
)

// options are the options of startGateway.
type options struct {
	binary, database string
	nodes            int
	under            []string
}

// startGateway starts the nodes, creates the apps, and signs a user in.
func startGateway(ctx context.Context, o options) (_ *gateway, err error) {
	binary, err := filepath.Abs(o.binary)
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
	if o.database == "" {
		o.database = "sqlite:" + filepath.Join(dir, "gatehouse.db")
	}
	addresses := make([]string, o.nodes)
	for i := range addresses {
		if addresses[i], err = freeAddress(); err != nil {
			return nil, err
		}
	}
	password := rand.Text()
	// The gateway does not inherit the GATEHOUSE_ variables of the caller.
	inherited := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GATEHOUSE_") })
	environment := append(inherited, "GATEHOUSE_DATABASE_URL="+o.database, "GATEHOUSE_SITE_URL=http://"+addresses[0],
		"GATEHOUSE_SECRET="+rand.Text()+rand.Text(), "GATEHOUSE_ENABLE_OAUTH_SERVICE_PROVIDER=true", "GATEHOUSE_LOG_LEVEL=error",
		"GATEHOUSE_ADMIN_USERNAME=bench", "GATEHOUSE_ADMIN_EMAIL=bench@example.com", "GATEHOUSE_ADMIN_PASSWORD="+password)
	environment = slices.Clip(environment) // each node appends to it
	for i, address := range addresses {
		under := make([]string, 0, len(o.under)+2)
		for _, word := range o.under {
			under = append(under, strings.ReplaceAll(word, "{n}", fmt.Sprint(i+1)))
		}
		n, err := startNode(ctx, under, binary, address, dir, environment)
		if err != nil {
			return nil, err
		}
		g.nodes = append(g.nodes, n)
	}
	for _, n := range g.nodes {
		if err := n.waitUntilReady(ctx, g.client); err != nil {
			return nil, err
		}
	}
	g.apps = map[string]app{}
	for _, algorithm := range []string{rs256, es256, eddsa} {
		create := exec.CommandContext(ctx, binary, "app", "create", "--name", "Bench", "--callback-url", redirectURI, "--id-token-algorithm", algorithm, "--trusted", "--json") //nolint:gosec // the caller chooses the binary
		create.Env, create.Dir, create.Stderr = environment, dir, os.Stderr
		out, err := create.Output()
		if err != nil {
			return nil, fmt.Errorf("app create: %w", err)
		}
		var created app
		if err := json.Unmarshal(out, &created); err != nil {
			return nil, fmt.Errorf("app create: %w: %s", err, out)
		}
		g.apps[algorithm] = created
	}
	return g, g.signIn(ctx, "bench", password)
}

// url returns the URL of the next node in turn.
func (g *gateway) url() string { return g.nodes[g.turn.Add(1)%uint64(len(g.nodes))].url }

func (g *gateway) signIn(ctx context.Context, login, password string) error {
	body, err := json.Marshal(map[string]string{"login_id": login, "password": password})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url()+"/api/v4/users/login", bytes.NewReader(body))
	if err != nil {
		return err
	}
	a, err := do(g.client, r)
	if err != nil {
		return err
	}
	if g.session = a.header.Get("Token"); g.session == "" {
		return fmt.Errorf("sign in: %d: %s", a.status, a.body)
	}
	return nil
}

// cpu returns the processor time that all nodes have used so far.
func (g *gateway) cpu() (sum time.Duration) {
	for _, n := range g.nodes {
		sum += n.cpu()
	}
	return sum
}

func (g *gateway) stop() {
	for _, n := range g.nodes {
		n.stop()
	}
	_ = os.RemoveAll(g.dir)
}

// answer is a response with its whole body.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func do(client *http.Client, r *http.Request) (answer, error) {
	res, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, body}, err
}

func freeAddress() (string, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
