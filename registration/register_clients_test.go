package registration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

func TestARegisteredClientWorks(t *testing.T) {
	open(t, func(t *testing.T, g *testkit.Gateway) {
		b := g.SignedIn(t, g.User(t, "alice"))
		for _, method := range []string{gatehouse.AuthMethodNone, gatehouse.AuthMethodPost, gatehouse.AuthMethodBasic} {
			t.Run(method, func(t *testing.T) {
				app := register(t, g, with(`"token_endpoint_auth_method":"`+method+`"`)).app(t, g)
				form := testkit.RedeemForm(app, b.Code(t, app))
				if method == gatehouse.AuthMethodBasic {
					form.Del("client_secret")
				}
				r, err := http.NewRequest(http.MethodPost, g.URL+"/oauth/access_token", strings.NewReader(form.Encode()))
				require.NoError(t, err)
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				if method == gatehouse.AuthMethodBasic {
					r.SetBasicAuth(app.ID, app.Secret)
				}
				tokens := g.SendToken(t, r)
				require.Equal(t, http.StatusOK, tokens.Status, tokens.Raw)
				require.Equal(t, method == gatehouse.AuthMethodNone, tokens.RefreshToken == "", "grant_types of the response is right")
				status, user := g.Me(t, tokens.AccessToken)
				require.Equal(t, http.StatusOK, status)
				require.Equal(t, b.User.ID, user)
			})
		}
	})
}

func TestEachRegisteredRedirectURIReceivesCodes(t *testing.T) {
	open(t, func(t *testing.T, g *testkit.Gateway) {
		b := g.SignedIn(t, g.User(t, "alice"))
		app := register(t, g, `{"redirect_uris":["cursor://anysphere.cursor-mcp/oauth/callback","https://www.cursor.com/callback","http://localhost:8787/callback"],"token_endpoint_auth_method":"none"}`).app(t, g)
		for _, uri := range []string{"cursor://anysphere.cursor-mcp/oauth/callback", "https://www.cursor.com/callback", "http://localhost:49152/callback"} {
			code := b.Code(t, app, "redirect_uri="+uri)
			g.Redeem(t, app, code, "redirect_uri="+uri)
		}
	})
}

// Attack: a client registers a name that users trust. The consent page shows the name as
// text, says that it is not verified, and shows the host that receives the code.
func TestConsentPageWarnsThatTheNameIsNotVerified(t *testing.T) {
	cases := map[string]struct{ name, uri, receiver, scheme string }{
		"look-alike letters":              {"Сlаudе", "https://claude.ai.evil.example/cb", "claude.ai.evil.example", ""},
		"homograph host":                  {"Claude", "https://clаude.ai/cb", "xn--clude-5ve.ai", ""},
		"markup":                          {`<script>alert(1)</script>`, "https://evil.example:8443/cb", "evil.example:8443", ""},
		"markup in an attribute":          {`" onload="alert(1)`, "https://evil.example/cb", "evil.example", ""},
		"template code":                   {`{{.User.Email}}`, "https://evil.example/cb", "evil.example", ""},
		"name that claims to be verified": {"Gatehouse (verified by your company)", "http://127.0.0.1:1/cb", "127.0.0.1:1", ""},
		"private-use scheme":              {"Cursor", "cursor://anysphere.cursor-mcp/oauth/callback", "cursor:", "cursor"},
	}
	open(t, func(t *testing.T, g *testkit.Gateway) {
		b := g.SignedIn(t, g.User(t, "alice"))
		for name, tc := range cases {
			t.Run(name, func(t *testing.T) {
				body, err := json.Marshal(map[string]any{"redirect_uris": []string{tc.uri}, "client_name": tc.name, "token_endpoint_auth_method": "none", "logo_uri": "https://evil.example/claude.png"})
				require.NoError(t, err)
				answer := register(t, g, string(body))
				require.Equal(t, http.StatusCreated, answer.Status, answer.Raw)
				shown := b.Authorize(t, answer.app(t, g), "redirect_uri="+tc.uri)
				require.Equal(t, http.StatusOK, shown.Status)
				page := shown.Page(t)
				require.Equal(t, tc.name, page.Find("h1 bdi").Text(), "the name is text in its own element")
				require.Contains(t, page.Find("title").Text(), tc.name)
				require.Equal(t, 0, page.Find("h1 script").Length())
				require.Equal(t, 0, page.Find("[onload]").Length())
				require.Contains(t, page.Find(".notice.warn").Text(), "This app registered itself. Its name and homepage are not verified.")
				require.Equal(t, tc.receiver, page.Find(".receiver .host").Text())
			})
		}
	})
}

func TestRegistrationsAreAudited(t *testing.T) {
	open(t, func(t *testing.T, g *testkit.Gateway) {
		answer := register(t, g, `{"redirect_uris":["cursor://x/cb","http://localhost/cb"],"client_name":"Cursor","token_endpoint_auth_method":"none"}`)
		long := register(t, g, `{"redirect_uris":["https://app.example.com/`+strings.Repeat("a", 990)+`"],"client_name":"A <long> \"one\""}`)
		refused := register(t, g, `{"redirect_uris":["javascript:alert(1)"],"client_name":"Evil"}`)
		register(t, g, `no JSON`)
		g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, "false")
		register(t, g, `{}`)

		events, err := g.Store.AuditEvents(context.Background(), "", 10)
		require.NoError(t, err)
		require.Len(t, events, 3, "requests that can't be parsed, and requests while registration is off, are not audited")
		byTarget := map[string]gatehouse.AuditEvent{}
		for _, e := range events {
			require.Equal(t, gatehouse.AuditRegisterClient, e.Event)
			require.Empty(t, e.ActorID)
			require.NotEmpty(t, e.RequestID)
			require.Equal(t, "127.0.0.1", e.IP)
			require.LessOrEqual(t, len(e.Detail), 512)
			require.NotContains(t, e.Detail, long.ClientSecret)
			byTarget[e.TargetID] = e
		}
		require.Equal(t, gatehouse.OutcomeSuccess, byTarget[answer.ClientID].Outcome)
		require.Equal(t, `The app is called "Cursor", authenticates with none and has the redirect URIs cursor://x/cb, http://localhost/cb.`, byTarget[answer.ClientID].Detail)
		require.True(t, strings.HasPrefix(byTarget[long.ClientID].Detail, `The app is called "A <long> \"one\"", authenticates with client_secret_post and has the redirect URIs https://app.example.com/aaa`))
		require.Equal(t, gatehouse.OutcomeFail, byTarget[""].Outcome)
		require.Equal(t, refused.Error+": "+refused.ErrorDescription, byTarget[""].Detail)
	})
}

// Attack: register in a loop to fill the database.
func TestUnusedSelfRegisteredAppsAreReaped(t *testing.T) {
	open(t, func(t *testing.T, g *testkit.Gateway) {
		ctx := context.Background()
		manual := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "alice"))
		used := register(t, g, with(`"client_name":"Used"`)).app(t, g)
		g.Redeem(t, used, b.Code(t, used))
		var last testkit.App
		for i := range 300 {
			answer := register(t, g, with(fmt.Sprintf(`"client_name":"Client %d"`, i)))
			require.Equal(t, http.StatusCreated, answer.Status)
			last = answer.app(t, g)
		}
		count := func() int {
			apps, err := g.Store.Apps(ctx, gatehouse.AppQuery{Limit: 1000})
			require.NoError(t, err)
			return len(apps)
		}
		reap := func(now time.Time) (n int64) {
			for {
				reaped, err := g.Store.Reap(ctx, now, 100)
				require.NoError(t, err)
				n += reaped["apps"]
				if reaped["apps"] < 100 {
					return n
				}
			}
		}
		require.Equal(t, 302, count())
		require.Zero(t, reap(time.Now().Add(6*24*time.Hour)))
		require.EqualValues(t, 300, reap(time.Now().Add(8*24*time.Hour)))
		require.Equal(t, 2, count())
		for _, stays := range []testkit.App{manual, used} {
			_, err := g.Store.App(ctx, stays.ID)
			require.NoError(t, err)
		}

		// A deleted client gets the error that makes clients register again.
		tokens := g.Token(t, testkit.RedeemForm(last, "x"))
		require.Equal(t, http.StatusUnauthorized, tokens.Status)
		require.Equal(t, "invalid_client", tokens.Error)
		require.Equal(t, http.StatusNotFound, b.Authorize(t, last).Status)

		require.EqualValues(t, 1, reap(time.Now().Add(200*24*time.Hour)), "the used app is idle by then")
		require.Equal(t, 1, count())
	})
}

func TestConcurrentRegistrationsGetTheirOwnCredentials(t *testing.T) {
	open(t, func(t *testing.T, g *testkit.Gateway) {
		const n = 24
		ids := make([]string, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				// This can't call a test helper, because a test may fail only in its own goroutine.
				res, err := http.Post(g.URL+"/api/v4/oauth/apps/register", "application/json", strings.NewReader(with(`"client_name":"The same"`)))
				if err != nil {
					return
				}
				defer func() { _ = res.Body.Close() }()
				var answer registered
				if json.NewDecoder(res.Body).Decode(&answer) == nil {
					ids[i] = answer.ClientID
				}
			})
		}
		wg.Wait()
		seen := map[string]bool{}
		for _, id := range ids {
			require.True(t, gatehouse.ValidID(id), "registered: %q", id)
			seen[id] = true
		}
		require.Len(t, seen, n, "identical requests get different credentials")
	})
}
