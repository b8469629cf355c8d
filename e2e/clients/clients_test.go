package clients_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// client is a program in a folder that uses a client library.
type client struct {
	folder    string
	callback  string // redirect URI of its apps
	another   string // redirect URI, if it needs a second one
	registers bool   // it can register itself
	openID    bool   // it has a second program, openid, for OpenID Connect
	command   func(t *testing.T, folder, program string) *exec.Cmd
	browser   func(t *testing.T, g *gateway) // runs a client that needs a real browser, instead of command
}

const (
	webCallback    = "https://app.example.com/callback"
	afterLogout    = "https://app.example.com/signed-out"
	nativeCallback = "http://127.0.0.1/callback" // on any port (RFC 8252 §7.3)
)

func clients() []client {
	return []client{
		{folder: "node/authjs", callback: "https://app.example.com/auth/callback/mattermost", another: "https://app.example.com/auth/callback/gatehouse", command: node, openID: true},
		{folder: "node/mcp-typescript", callback: nativeCallback, command: node, registers: true},
		{folder: "node/openid-client", callback: webCallback, command: node, openID: true},
		{folder: "node/oauth4webapi", callback: webCallback, command: node, openID: true},
		{folder: "node/oidc-client-ts", browser: singlePageApp},
		{folder: "node/simple-oauth2", callback: webCallback, command: node},
		{folder: "node/mattermost-client", callback: webCallback, command: node},
		{folder: "python/mcp-python", callback: nativeCallback, command: venv, registers: true},
		{folder: "python/requests-oauthlib", callback: webCallback, command: venv},
		{folder: "python/authlib", callback: webCallback, command: venv, openID: true},
		{folder: "xoauth2", callback: webCallback, command: golang},
		{folder: "mcp-go", callback: nativeCallback, command: golangModule, registers: true},
	}
}

func TestClientsWorkUnmodified(t *testing.T) {
	deployments := []deployment{
		{name: "SQLite", database: sqlite, registration: true},
		{name: "PostgreSQL below a path", database: postgres, path: "/sso", registration: true},
		{name: "registration off", database: sqlite},
	}
	for _, d := range deployments {
		t.Run(d.name, func(t *testing.T) {
			g := start(t, d)
			for _, c := range clients() {
				if !d.registration && !c.registers {
					continue // It does the same as in the other deployments.
				}
				for _, program := range c.programs() {
					t.Run(c.folder+"/"+program, func(t *testing.T) {
						t.Parallel()
						c.run(t, g, d, program)
					})
				}
			}
		})
	}
}

// programs returns the names of the client's programs.
func (c client) programs() []string {
	if c.openID {
		return []string{"client", "openid"}
	}
	return []string{"client"}
}

// run runs a program and requires that it succeeds.
func (c client) run(t *testing.T, g *gateway, d deployment, program string) {
	t.Helper()
	if c.browser != nil {
		c.browser(t, g)
		return
	}
	cmd := c.command(t, c.folder, program)
	cmd.Env = append(cmd.Env, environment(t, g, d, c)...)
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n\nlog of the gateway:\n%s", output, g.log)
}

// environment returns the environment variables of a program.
func environment(t *testing.T, g *gateway, d deployment, c client) []string {
	t.Helper()
	flags := []string{"--name", c.folder, "--callback-url", c.callback, "--post-logout-redirect-uri", afterLogout}
	if c.another != "" {
		flags = append(flags, "--callback-url", c.another)
	}
	confidential := g.app(t, flags...)
	public := g.app(t, "--name", c.folder+" in public", "--callback-url", c.callback, "--public")
	var es256 app
	if c.openID {
		es256 = g.app(t, append(flags, "--id-token-algorithm", "ES256")...)
	}
	registration := "off"
	if d.registration {
		registration = "on"
	}
	return []string{
		"GATEWAY=" + g.url,
		"CLIENT_ID=" + confidential.ID,
		"CLIENT_SECRET=" + confidential.Secret,
		"PUBLIC_CLIENT_ID=" + public.ID,
		"REDIRECT_URI=" + c.callback,
		"POST_LOGOUT_REDIRECT_URI=" + afterLogout,
		"REGISTRATION=" + registration,

		// An app whose ID tokens are signed with ES256.
		"ES256_CLIENT_ID=" + es256.ID,
		"ES256_CLIENT_SECRET=" + es256.Secret,

		// The user agent and the user who signs in there.
		"USER_AGENT=" + startUserAgent(t, g, bob),
		"TEST_USERNAME=" + bob.name,
		"TEST_EMAIL=" + bob.email,

		// The credentials of a resource server, for the introspection endpoint.
		"RESOURCE_SERVER_ID=" + g.resourceServer.ID,
		"RESOURCE_SERVER_SECRET=" + g.resourceServer.Secret,

		// The System Admin.
		"ADMIN_USERNAME=" + ada.name,
		"ADMIN_PASSWORD=" + ada.password,
	}
}

// node runs a program of the folder from a copy next to the packages that it imports.
func node(t *testing.T, folder, name string) *exec.Cmd {
	t.Helper()
	modules, err := nodeModules()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(dir, "node"), os.DirFS("node")))
	require.NoError(t, os.Symlink(modules, filepath.Join(dir, "node_modules")))
	return program(t, "node", filepath.Join(dir, filepath.FromSlash(folder), name+".mjs"))
}

// venv runs a program of the folder.
func venv(t *testing.T, folder, name string) *exec.Cmd {
	t.Helper()
	interpreter, err := python()
	require.NoError(t, err)
	cmd := program(t, interpreter, filepath.Join(filepath.FromSlash(folder), name+".py"))
	cmd.Env = append(cmd.Env, "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH=python")
	return cmd
}

// golang runs a program of this module.
func golang(t *testing.T, folder, _ string) *exec.Cmd {
	t.Helper()
	return buildOnce(t, ".", "./"+folder)
}

// golangModule runs a program that is a separate module.
func golangModule(t *testing.T, folder, _ string) *exec.Cmd {
	t.Helper()
	return buildOnce(t, folder, ".")
}

var (
	buildMu  sync.Mutex
	programs = map[[2]string]string{}
)

func buildOnce(t *testing.T, module, pkg string) *exec.Cmd {
	t.Helper()
	buildMu.Lock()
	defer buildMu.Unlock()
	if programs[[2]string{module, pkg}] == "" {
		path, err := build(module, pkg)
		require.NoError(t, err)
		programs[[2]string{module, pkg}] = path
	}
	return program(t, programs[[2]string{module, pkg}])
}

// program returns a command that is killed after two minutes.
func program(t *testing.T, name string, arguments ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, name, arguments...) //nolint:gosec // constants of this package
	cmd.Env = withoutSettings(os.Environ())
	return cmd
}
