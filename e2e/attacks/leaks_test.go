package attacks_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
	"gatehouse/server"
	"gatehouse/storage"
	"gatehouse/test/testdb"
	"gatehouse/test/testkit"
)

// Attack: read another user's response from a cache. No cache may store a response
// with a secret or with data of a user (RFC 6749 §5.1, RFC 7591 §3.2.1).
func TestSecretsAreNeverCached(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, "true")
		root := g.UserWithPassword(t, "root", gatehouse.RoleSystemAdmin)
		b := g.SignedIn(t, root)
		app, trusted := g.App(t, nil), g.App(t, func(n *registration.NewApp) { n.IsTrusted = true })
		tokens := grant(t, g, b, app)
		js := []string{"Content-Type", "application/json", "X-Requested-With", "XMLHttpRequest"}
		answers := map[string]testkit.Answer{
			"tokens":            send(t, g, "POST", "/oauth/access_token", testkit.RedeemForm(app, b.Code(t, app)).Encode(), "Content-Type", form),
			"a token error":     send(t, g, "POST", "/oauth/access_token", "", "Content-Type", form),
			"introspection":     about(t, g, "/oauth/introspect", app, tokens.AccessToken),
			"its error":         about(t, g, "/oauth/introspect", app, ""),
			"revocation":        about(t, g, "/oauth/revoke", app, "x"),
			"a registration":    send(t, g, "POST", "/api/v4/oauth/apps/register", `{"redirect_uris":["https://x.example/cb"]}`, js...),
			"its refusal":       send(t, g, "POST", "/api/v4/oauth/apps/register", `{}`, js...),
			"a new app":         sendFrom(t, b, g, "POST", "/api/v4/oauth/apps", `{"name":"x","homepage":"https://x.example","callback_urls":["https://x.example/cb"]}`, js...),
			"a new secret":      sendFrom(t, b, g, "POST", "/api/v4/oauth/apps/"+app.ID+"/regen_secret", "", js...),
			"an app":            b.Get(t, "/api/v4/oauth/apps/"+app.ID),
			"apps":              b.Get(t, "/api/v4/oauth/apps"),
			"authorised apps":   b.Get(t, "/api/v4/users/me/oauth/apps/authorized"),
			"the code, by API":  sendFrom(t, b, g, "POST", "/oauth/authorize", `{"client_id":"`+trusted.ID+`","response_type":"code","redirect_uri":"`+testkit.RedirectURI+`"}`, js...),
			"the code":          b.Authorize(t, trusted),
			"a token, in front": b.Authorize(t, trusted, "response_type=token"),
			"a posted code":     b.Authorize(t, trusted, "response_mode=form_post"),
			"a refusal":         b.Authorize(t, trusted, "scope=\""),
			"the consent page":  b.Authorize(t, g.App(t, nil)),
			"a redirect":        g.NewBrowser(t).Authorize(t, app),
			"the login page":    send(t, g, "GET", "/login", ""),
			"a sign-in":         send(t, g, "POST", "/api/v4/users/login", `{"login_id":"root","password":"`+testkit.Password+`"}`, js...),
			"a failed sign-in":  send(t, g, "POST", "/api/v4/users/login", `{"login_id":"root","password":"x"}`, js...),
			"signed in":         g.NewBrowser(t).Post(t, "/login", url.Values{"login_id": {"root"}, "password": {testkit.Password}}),
			"the settings":      b.Get(t, "/settings/security"),
			"the console":       b.Get(t, "/console"),
			"no session":        send(t, g, "GET", "/api/v4/users/me", ""),
			"an unknown path":   send(t, g, "GET", "/api/v4/nothing", ""),
			"the wrong method":  send(t, g, "GET", "/oauth/access_token", ""),
		}
		for name, a := range answers {
			require.Contains(t, a.Header.Get("Cache-Control"), "no-store", "%s: %d %s", name, a.Status, a.Body)
		}
		a := b.Get(t, "/api/v4/users/me")
		require.Equal(t, "private, no-cache", a.Header.Get("Cache-Control"), "only the browser stores it, and asks again with its ETag")
	})
}

// Attack: make an error repeat markup, headers or secrets.
func TestErrorsDoNotRepeatInput(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, "true")
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		const marker = "zqMARKERqz"
		for _, hostile := range []string{marker, "<script>" + marker, "\"'><" + marker, marker + "\r\nX-Injected: 1", "{{" + marker + "}}", "\u202e" + marker, "\x00" + marker} {
			q := url.QueryEscape(hostile)
			for name, a := range map[string]testkit.Answer{
				"a path":               send(t, g, "GET", "/"+marker, ""),
				"an API path":          send(t, g, "GET", "/api/v4/"+marker, ""),
				"a client id":          b.Authorize(t, app, "client_id="+hostile),
				"a redirect URI":       b.Authorize(t, app, "redirect_uri="+hostile),
				"a scheme":             b.Authorize(t, app, "redirect_uri="+marker+":/x"),
				"a response type":      b.Authorize(t, app, "-state", "response_type="+hostile),
				"a scope":              b.Authorize(t, app, "-state", "scope="+hostile+`"`),
				"a resource":           b.Authorize(t, app, "-state", "resource="+hostile),
				"a challenge":          b.Authorize(t, app, "-state", "code_challenge="+hostile),
				"a challenge method":   b.Authorize(t, app, "-state", "code_challenge="+testkit.Challenge, "code_challenge_method="+hostile),
				"a prompt":             b.Authorize(t, app, "-state", "prompt="+hostile),
				"a response mode":      b.Authorize(t, app, "-state", "response_mode="+hostile),
				"a request object":     b.Authorize(t, app, "-state", "request="+hostile),
				"a grant type":         send(t, g, "POST", "/oauth/access_token", "grant_type="+q, "Content-Type", form),
				"a code":               send(t, g, "POST", "/oauth/access_token", testkit.RedeemForm(app, hostile).Encode(), "Content-Type", form),
				"a client at token":    send(t, g, "POST", "/oauth/access_token", testkit.RedeemForm(app, "x", "client_id="+hostile).Encode(), "Content-Type", form),
				"a client secret":      send(t, g, "POST", "/oauth/access_token", testkit.RedeemForm(app, "x", "client_secret="+hostile).Encode(), "Content-Type", form),
				"a refresh token":      send(t, g, "POST", "/oauth/access_token", testkit.RefreshForm(app, hostile).Encode(), "Content-Type", form),
				"a scope at refresh":   send(t, g, "POST", "/oauth/access_token", testkit.RefreshForm(app, "x", "scope="+hostile).Encode(), "Content-Type", form),
				"a token":              about(t, g, "/oauth/introspect", app, hostile),
				"a token to revoke":    about(t, g, "/oauth/revoke", app, hostile),
				"a bearer token":       send(t, g, "GET", "/api/v4/users/me", "", "Authorization", "Bearer "+strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(hostile)),
				"a redirect to":        send(t, g, "GET", "/login?redirect_to=https://"+q, ""),
				"a password":           g.NewBrowser(t).Post(t, "/login", url.Values{"login_id": {"ada"}, "password": {hostile}}),
				"a set-up token":       send(t, g, "GET", "/setup?token="+q, ""),
				"registered URIs":      send(t, g, "POST", "/api/v4/oauth/apps/register", `{"redirect_uris":["`+marker+`:x"]}`),
				"a registered method":  send(t, g, "POST", "/api/v4/oauth/apps/register", `{"redirect_uris":["https://x.example"],"token_endpoint_auth_method":"`+marker+`"}`),
				"a registered grant":   send(t, g, "POST", "/api/v4/oauth/apps/register", `{"redirect_uris":["https://x.example"],"grant_types":["`+marker+`"]}`),
				"a method of HTTP":     send(t, g, marker, "/oauth/access_token", ""),
				"a cookie":             send(t, g, "GET", "/api/v4/users/me", "", "Cookie", "MMAUTHTOKEN="+marker),
				"a request id":         send(t, g, "GET", "/api/v4/users/me", "", "X-Request-ID", marker),
				"a page of the trail":  b.Get(t, "/console?before="+q),
				"a consent form field": b.Post(t, "/oauth/authorize?"+testkit.AuthorizeQuery(app).Encode(), url.Values{"csrf_token": {hostile}, "decision": {hostile}}),
			} {
				require.Less(t, a.Status, 500, "%s: %s", name, a.Body)
				require.Empty(t, a.Header.Get("X-Injected"), name)
				var headers bytes.Buffer
				require.NoError(t, a.Header.Write(&headers))
				if name == "a page of the trail" {
					continue // the return URL holds it, escaped
				}
				body := a.Body
				if name == "a redirect URI" || name == "a scheme" { // the page names it, percent-encoded, in one element
					page := a.Page(t)
					require.NotRegexp(t, `[^!-~…]`, page.Find("code.sent").Text(), name)
					require.Equal(t, 1, page.Find("code.sent").Remove().Length(), name)
					var err error
					body, err = page.Html()
					require.NoError(t, err)
				}
				if name != "a method of HTTP" { // the log names the method, quoted and cut
					require.NotContains(t, body, marker, name)
				}
				require.NotContains(t, headers.String(), marker, name)
			}
		}
	})
}

// Attack: write lines into the log, or read secrets in it.
func TestLogHasNoSecretsAndNoForgedLines(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, databaseURL string) {
				log := &lockedBuffer{}
				handler := slog.Handler(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				if format == "json" {
					handler = slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})
				}
				g := startWithLog(t, databaseURL, "", slog.New(handler))
				ada := g.UserWithPassword(t, "ada")
				b := g.SignedIn(t, ada)
				app := g.App(t, nil)
				code := b.Code(t, app, "state=STATEstate")
				tokens := g.Redeem(t, app, code)
				g.Token(t, testkit.RedeemForm(app, code)) // the log has a line about this replay
				fresh := grant(t, g, b, app)
				rotated := g.Token(t, testkit.RefreshForm(app, fresh.RefreshToken))
				evil := "x\r\ntime=2026-01-01 level=ERROR msg=forged \x1b[31m\u2028{\"msg\":\"forged\"}"
				for _, path := range []string{"/a", "/api/v4/users/me?access_token=" + tokens.AccessToken, "/login?redirect_to=/" + url.QueryEscape(evil), "/oauth/authorize?client_id=" + url.QueryEscape(evil)} {
					send(t, g, "GET", path, "", "User-Agent", "agent\" level=ERROR msg=forged\tx=\"\u2028", "Referer", "https://x/?"+code, "X-Forwarded-For", "msg=forged", "X-Request-ID", "forged")
				}
				send(t, g, "POST", "/api/v4/users/login", `{"login_id":"forged\nlogin","password":"PASSWORDpassword"}`)
				send(t, g, "POST", "/login", "login_id=ada&password=PASSWORDpassword", "Content-Type", form)
				send(t, g, "POST", "/oauth/access_token", testkit.RedeemForm(app, code, "code="+evil, "client_secret=SECRETsecret").Encode(), "Content-Type", form)
				site, err := url.Parse(g.URL)
				require.NoError(t, err)
				written := log.String()
				require.NotEmpty(t, written)
				for name, secret := range map[string]string{
					"code": code, "access token": tokens.AccessToken, "refresh token": fresh.RefreshToken, "its successor": rotated.RefreshToken, "client secret": app.Secret, "session": b.Jar.Cookies(site)[0].Value,
					"wrong password": "PASSWORDpassword", "wrong secret": "SECRETsecret", "state": "STATEstate", "password": testkit.Password, "hash": app.SecretHash,
				} {
					require.NotContains(t, written, secret, name)
				}
				for _, line := range strings.Split(strings.TrimSuffix(written, "\n"), "\n") {
					if format == "json" {
						require.True(t, strings.HasPrefix(line, `{"time":`), line)
					} else {
						require.True(t, strings.HasPrefix(line, "time="), line)
					}
					require.NotContains(t, line, "\x1b")
					require.NotContains(t, line, `agent" level`, "the quote is escaped")
				}
			})
		})
	}
}

// startWithLog starts a gateway like testkit.Start, with a log and a base path.
func startWithLog(t *testing.T, databaseURL, basePath string, log *slog.Logger) *testkit.Gateway {
	t.Helper()
	store, err := storage.Open(t.Context(), storage.Options{URL: databaseURL, Log: log})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, store.MigrateUp(t.Context()))
	listener := httptest.NewUnstartedServer(nil)
	site := &url.URL{Scheme: "http", Host: listener.Listener.Addr().String(), Path: basePath}
	assembled, err := server.NewGateway(server.GatewayConfig{
		SiteURL: site, Secrets: [][]byte{[]byte("a secret of this test that is long enough")}, Registrations: registration.UnlimitedRate(),
		Version: "test", Build: "0", Store: store, Log: log,
	})
	require.NoError(t, err)
	listener.Config.Handler = assembled.Handler
	listener.Start()
	t.Cleanup(listener.Close)
	g := &testkit.Gateway{URL: site.String(), Store: store, Apps: registration.NewService(registration.ServiceConfig{Store: store, Log: log})}
	g.Set(t, gatehouse.SettingEnableOAuthServiceProvider, "true")
	return g
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// Attack: find out from the answers which users exist. Package account tests that
// both answers take the same work.
func TestUnknownAndKnownUsersGetTheSameAnswer(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ada := g.UserWithPassword(t, "ada")
		app := g.App(t, nil)
		blank := func(a testkit.Answer) string {
			body := a.Body
			for _, id := range []string{a.Header.Get("X-Request-ID"), "ada@example.com", "ada", "bob@example.com", "bob"} {
				body = strings.ReplaceAll(body, id, "*")
			}
			return http.StatusText(a.Status) + body
		}
		for _, path := range []string{"/login", "/api/v4/users/login"} {
			try := func(login string) string {
				if path == "/login" {
					return blank(g.NewBrowser(t).Post(t, path, url.Values{"login_id": {login}, "password": {"wrong password"}}))
				}
				return blank(send(t, g, "POST", path, `{"login_id":"`+login+`","password":"wrong password"}`))
			}
			require.Equal(t, try("bob"), try("ada"), path)
			require.Equal(t, try("bob@example.com"), try("ada@example.com"), path)
		}
		byID := func(id string) string {
			return blank(send(t, g, "POST", "/api/v4/users/login", `{"id":"`+id+`","password":"wrong password"}`))
		}
		require.Equal(t, byID(gatehouse.NewID()), byID(ada.ID))

		// An unknown client and a wrong secret have the same status and code
		// (RFC 6749 §5.2). Only the text differs, for the developer of the client, who
		// knows the id already.
		unknown := g.Token(t, testkit.RedeemForm(app, "x", "client_id="+gatehouse.NewID()))
		wrong := g.Token(t, testkit.RedeemForm(app, "x", "client_secret=wrong"))
		require.Equal(t, []any{401, "invalid_client"}, []any{unknown.Status, unknown.Error})
		require.Equal(t, []any{wrong.Status, wrong.Error}, []any{unknown.Status, unknown.Error})
	})
}

// Attack: read the database. With its values an attacker can neither sign in nor
// redeem, refresh, introspect or call the API.
func TestStolenDatabaseGivesNoAccess(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ada := g.UserWithPassword(t, "ada")
		app := g.App(t, nil)
		b := g.SignedIn(t, ada)
		tokens := grant(t, g, b, app)
		sessions, err := g.Store.UserSessions(t.Context(), ada.ID)
		require.NoError(t, err)
		stored, err := g.Store.App(t.Context(), app.ID)
		require.NoError(t, err)
		user, err := g.Store.User(t.Context(), ada.ID)
		require.NoError(t, err)
		consent, err := g.Store.Consent(t.Context(), ada.ID, app.ID)
		require.NoError(t, err)
		site, err := url.Parse(g.URL)
		require.NoError(t, err)
		for _, stolen := range []string{sessions[0].ID, sessions[0].TokenHash, stored.SecretHash, user.PasswordHash, user.ID, consent.ID} {
			require.NotEmpty(t, stolen)
			status, _ := g.Me(t, stolen)
			require.Equal(t, http.StatusUnauthorized, status, stolen)
			thief := g.NewBrowser(t)
			thief.Jar.SetCookies(site, []*http.Cookie{{Name: "MMAUTHTOKEN", Value: stolen, Path: "/"}})
			require.Equal(t, http.StatusSeeOther, thief.Get(t, "/settings/security").Status)
			require.GreaterOrEqual(t, g.Token(t, testkit.RedeemForm(app, stolen)).Status, 400)
			require.GreaterOrEqual(t, g.Token(t, testkit.RefreshForm(app, stolen)).Status, 400)
			require.GreaterOrEqual(t, g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken, "client_secret="+stolen)).Status, 400)
			a := thief.Post(t, "/login", url.Values{"login_id": {"ada"}, "password": {stolen}})
			require.Equal(t, http.StatusUnauthorized, a.Status)
		}
	})
}
