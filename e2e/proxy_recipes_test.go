package e2e_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"gatehouse/test/loopback"
	"gatehouse/test/testdb"
)

// traefikVariable has the path of Traefik, for which Debian has no package.
const traefikVariable = "GATEHOUSE_TEST_TRAEFIK"

// recipe returns the block of docs/deployment.md whose first line is a comment with the
// path of the file.
func recipe(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile("../docs/deployment.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```[a-z]+\n(# " + regexp.QuoteMeta(path) + "\n.*?)```").FindSubmatch(text)
	require.NotNil(t, block, "docs/deployment.md has no block for %s", path)
	return string(block[1])
}

// replaceAll replaces each text, which must occur.
func replaceAll(t *testing.T, s string, oldnew ...string) string {
	t.Helper()
	for i := 0; i < len(oldnew); i += 2 {
		require.Contains(t, s, oldnew[i])
		s = strings.ReplaceAll(s, oldnew[i], oldnew[i+1])
	}
	return s
}

// proxyUnderTest is a running proxy for https://example.com.
type proxyUnderTest struct {
	address string                         // of its listener for TLS
	roots   func() (*x509.CertPool, error) // that its certificate needs
}

// run starts the program and waits until it serves the gateway. It ends with the test.
func (p proxyUnderTest) run(t *testing.T, env []string, name string, args ...string) {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/" + name)
	}
	require.NoError(t, err, "run .ci/needs, which installs it on Debian")
	log := newOutput()
	cmd := exec.Command(program, args...) //nolint:gosec // a program of this system
	cmd.Env = append(environment(), env...)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait() // a server that was stopped may report that
		close(exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended already
		select {
		case <-exited:
		case <-time.After(waitTimeout):
			_ = cmd.Process.Kill()
		}
		if t.Failed() {
			t.Logf("log of %s:\n%s", name, log)
		}
	})
	client := p.client()
	deadline := time.After(waitTimeout)
	for poll := time.NewTicker(20 * time.Millisecond); ; {
		if res, err := client.Get("https://example.com/sso/login"); err == nil {
			require.NoError(t, res.Body.Close())
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case err := <-exited:
			exited <- err
			require.FailNow(t, name+" ended early", "%v\n%s", err, log)
		case <-deadline:
			require.FailNow(t, name+" is not ready", "%s", log)
		case <-poll.C:
		}
	}
}

// freeAddress returns an address of this machine on which nothing listens.
func freeAddress(t *testing.T) (address, port string) {
	t.Helper()
	address = loopback.Reserve(t)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	return address, port
}

func startNginx(t *testing.T, gateway string) proxyUnderTest {
	dir := t.TempDir()
	address, port := freeAddress(t)
	cert, key, roots := certificate(t)
	site := replaceAll(t, recipe(t, "/etc/nginx/conf.d/gatehouse.conf"),
		"server 127.0.0.1:8065;", "server "+gateway+";", "listen 443 ssl;", "listen "+port+" ssl;", "/etc/ssl/example.com.crt", cert, "/etc/ssl/example.com.key", key)
	write(t, filepath.Join(dir, "gatehouse.conf"), site)
	var temp strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temp.WriteString(kind + "_temp_path " + dir + "/" + kind + ";\n")
	}
	write(t, filepath.Join(dir, "nginx.conf"), "daemon off;\nmaster_process off;\npid "+dir+"/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n"+temp.String()+"include "+dir+"/gatehouse.conf;\n}\n")
	p := proxyUnderTest{address, fixed(roots)}
	p.run(t, nil, "nginx", "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", "stderr")
	return p
}

func startCaddy(t *testing.T, gateway string) proxyUnderTest {
	dir := t.TempDir()
	address, port := freeAddress(t)
	_, httpPort := freeAddress(t)
	// Caddy's own certificates replace those of Let's Encrypt.
	global := "{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n\thttps_port " + port + "\n\thttp_port " + httpPort + "\n}\n"
	write(t, filepath.Join(dir, "Caddyfile"), global+replaceAll(t, recipe(t, "/etc/caddy/Caddyfile"), "127.0.0.1:8065", gateway))
	p := proxyUnderTest{address, func() (*x509.CertPool, error) { // Caddy creates the authority when it starts
		pem, err := os.ReadFile(filepath.Join(dir, "caddy", "pki", "authorities", "local", "root.crt"))
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		return roots, err
	}}
	p.run(t, []string{"HOME=" + dir, "XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir}, "caddy", "run", "--adapter", "caddyfile", "--config", filepath.Join(dir, "Caddyfile"))
	return p
}

func startTraefik(t *testing.T, gateway string) proxyUnderTest {
	dir := t.TempDir()
	address, port := freeAddress(t)
	cert, key, roots := certificate(t)
	write(t, filepath.Join(dir, "gatehouse.yml"), replaceAll(t, recipe(t, "/etc/traefik/gatehouse.yml"),
		"http://127.0.0.1:8065", "http://"+gateway, "/etc/ssl/example.com.crt", cert, "/etc/ssl/example.com.key", key))
	write(t, filepath.Join(dir, "traefik.yml"), replaceAll(t, recipe(t, "/etc/traefik/traefik.yml"), ":443", ":"+port, "/etc/traefik/gatehouse.yml", filepath.Join(dir, "gatehouse.yml")))
	p := proxyUnderTest{address, fixed(roots)}
	p.run(t, nil, os.Getenv(traefikVariable), "--configFile="+filepath.Join(dir, "traefik.yml"))
	return p
}

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func fixed(roots *x509.CertPool) func() (*x509.CertPool, error) {
	return func() (*x509.CertPool, error) { return roots, nil }
}

// client returns a client that connects to the proxy for every host and does not follow
// redirects. It has another address of this machine than the proxy, so that the gateway can
// tell them apart.
func (p proxyUnderTest) client() *http.Client {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		roots, err := p.roots()
		if err != nil {
			return nil, err
		}
		secure := tls.Dialer{NetDialer: &dialer, Config: &tls.Config{RootCAs: roots, ServerName: "example.com", MinVersion: tls.VersionTLS12}}
		return secure.DialContext(ctx, "tcp", p.address)
	}
	return &http.Client{
		Transport:     &http.Transport{DialTLSContext: dial},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// TestProxyRecipes runs the recipes of docs/deployment.md as they are written there, with
// other ports and another certificate, and uses the gateway through them.
func TestProxyRecipes(t *testing.T) {
	proxies := map[string]func(t *testing.T, gateway string) proxyUnderTest{"nginx": startNginx, "Caddy": startCaddy}
	if os.Getenv(traefikVariable) != "" {
		proxies["Traefik"] = startTraefik
	}
	for name, start := range proxies {
		t.Run(name, func(t *testing.T) {
			databaseURL := testdb.SQLite(t)
			env := append(withAdmin(databaseURL), "GATEHOUSE_SITE_URL=https://example.com/sso", "GATEHOUSE_TRUSTED_PROXIES=127.0.0.1", "GATEHOUSE_ENABLE_DYNAMIC_CLIENT_REGISTRATION=true")
			gateway := serve(t, env...)
			proxy := start(t, gateway.listen[0])
			client := proxy.client()
			t.Cleanup(client.CloseIdleConnections)
			through := &process{url: "https://example.com/sso"}

			t.Run("metadata", func(t *testing.T) {
				for _, path := range []string{"/.well-known/oauth-authorization-server/sso", "/sso/.well-known/oauth-authorization-server"} {
					require.Equal(t, "https://example.com/sso", getJSON(t, client, path, http.StatusOK)["issuer"], path)
				}
				for _, path := range []string{"/.well-known/oauth-protected-resource/sso", "/sso/.well-known/oauth-protected-resource"} {
					require.Equal(t, "https://example.com/sso", getJSON(t, client, path, http.StatusOK)["resource"], path)
				}
				for _, path := range []string{"/.well-known/openid-configuration/sso", "/sso/.well-known/openid-configuration"} {
					res, err := client.Get("https://example.com" + path)
					require.NoError(t, err)
					require.NoError(t, res.Body.Close())
					require.Equal(t, "application/json", res.Header.Get("Content-Type"), "the gateway answers, with metadata or a hint")
				}
			})
			t.Run("other paths of the host are not the gateway's", func(t *testing.T) {
				for _, path := range []string{"/", "/login", "/ssox", "/ssox/login", "/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/ssox"} {
					res, err := client.Get("https://example.com" + path)
					require.NoError(t, err)
					require.NoError(t, res.Body.Close())
					require.Empty(t, res.Header.Get("X-Request-Id"), path)
				}
			})
			t.Run("the base path without a slash", func(t *testing.T) {
				res, err := client.Get("https://example.com/sso")
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				require.Equal(t, "/sso/", res.Header.Get("Location"))
			})
			t.Run("authorization code flow", func(t *testing.T) {
				app := at(newApp(t, databaseURL), through)
				b := newBrowser(t)
				b.Transport = client.Transport
				verifier := oauth2.GenerateVerifier()
				code := b.authorize(t, app.AuthCodeURL("x", oauth2.S256ChallengeOption(verifier)), admin)
				ctx := context.WithValue(t.Context(), oauth2.HTTPClient, client)
				token, err := app.Exchange(ctx, code, oauth2.VerifierOption(verifier))
				require.NoError(t, err)
				token, err = app.TokenSource(ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
				require.NoError(t, err)
				res, err := app.Client(ctx, token).Get("https://example.com/sso/api/v4/users/me")
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				require.Equal(t, http.StatusOK, res.StatusCode)

				// form_post: the answer is a page whose form has the code.
				form, err := b.Do(newGet(t, app.AuthCodeURL("x", oauth2.SetAuthURLParam("response_mode", "form_post"), oauth2.S256ChallengeOption(verifier))))
				require.NoError(t, err)
				body, err := io.ReadAll(form.Body)
				require.NoError(t, err)
				require.NoError(t, form.Body.Close())
				require.Equal(t, http.StatusOK, form.StatusCode)
				require.Contains(t, string(body), `name="code"`)
			})
			t.Run("long URLs", func(t *testing.T) {
				app := at(newApp(t, databaseURL), through)
				for _, size := range []int{2 << 10, 8 << 10, 14 << 10} {
					// A slash has three bytes in the URL, and five in the redirect to the sign-in page.
					address := app.AuthCodeURL("x", oauth2.SetAuthURLParam("unknown", strings.Repeat("/", size/3)))
					res, err := client.Get(address)
					require.NoError(t, err)
					require.NoError(t, res.Body.Close())
					require.Equal(t, http.StatusSeeOther, res.StatusCode, "%d bytes", len(address))
					login, err := res.Location()
					require.NoError(t, err)
					res, err = client.Get(login.String())
					require.NoError(t, err)
					require.NoError(t, res.Body.Close())
					require.Equal(t, http.StatusOK, res.StatusCode, "%d bytes", len(login.String()))
				}
			})
			t.Run("forged headers do not hide the client", func(t *testing.T) {
				r := newGet(t, "https://example.com/sso/login?forged")
				for _, header := range []string{"X-Forwarded-For", "X-Real-IP", "Client-IP", "True-Client-IP"} {
					r.Header.Set(header, "203.0.113.66")
				}
				r.Header.Set("Forwarded", "for=203.0.113.66;proto=http;host=evil.example")
				r.Header.Set("X-Forwarded-Proto", "http")
				r.Header.Set("X-Forwarded-Host", "evil.example")
				res, err := client.Do(r)
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				require.Equal(t, http.StatusOK, res.StatusCode)
				line := gateway.awaitLine(t, gateway.log, res.Header.Get("X-Request-Id"))
				require.Contains(t, line, `"ip":"127.0.0.9"`)
				require.NotContains(t, gateway.log.String(), "203.0.113.66")
				require.NotContains(t, gateway.log.String(), "GATEHOUSE_TRUSTED_PROXIES", "the proxy is trusted")
			})
			t.Run("ambiguous paths are refused", func(t *testing.T) {
				for _, path := range []string{"/sso/%6cogin", "/sso/oauth/access_token/", "/sso/login%2f"} {
					r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://example.com/", http.NoBody)
					require.NoError(t, err)
					r.URL.Opaque = path
					res, err := client.Do(r)
					require.NoError(t, err)
					require.NoError(t, res.Body.Close())
					require.Contains(t, []int{http.StatusNotFound, http.StatusBadRequest}, res.StatusCode, path)
				}
			})
			t.Run("a client that registers itself", func(t *testing.T) {
				res, err := client.Post("https://example.com/sso/api/v4/oauth/apps/register", "application/json", strings.NewReader(`{"redirect_uris":["https://app.example.com/cb"],"client_name":"x"}`))
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				require.Equal(t, http.StatusCreated, res.StatusCode)
			})
		})
	}
}

func newGet(t *testing.T, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	return r
}

func getJSON(t *testing.T, client *http.Client, path string, status int) map[string]any {
	t.Helper()
	res, err := client.Get("https://example.com" + path)
	require.NoError(t, err)
	defer func() { require.NoError(t, res.Body.Close()) }()
	require.Equal(t, status, res.StatusCode, path)
	var body map[string]any
	require.NoError(t, json.NewDecoder(res.Body).Decode(&body))
	return body
}
