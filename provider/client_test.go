package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"gatehouse"
	"gatehouse/test/testkit"
)

// golang.org/x/oauth2, unmodified, with each way of client authentication. With
// AutoDetect its first attempt fails with some servers. The code must survive that.
func TestGoOAuth2(t *testing.T) {
	styles := map[string]oauth2.AuthStyle{"header": oauth2.AuthStyleInHeader, "body": oauth2.AuthStyleInParams, "detect": oauth2.AuthStyleAutoDetect}
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		b := g.SignedIn(t, g.User(t, "ada"))
		for name, style := range styles {
			for _, app := range []testkit.App{g.App(t, nil), g.PublicApp(t)} {
				t.Run(name, func(t *testing.T) {
					config := oauth2.Config{
						ClientID: app.ID, ClientSecret: app.Secret, RedirectURL: testkit.RedirectURI, Scopes: []string{"user"},
						Endpoint: oauth2.Endpoint{AuthURL: g.URL + "/oauth/authorize", TokenURL: g.URL + "/oauth/access_token", AuthStyle: style},
					}
					verifier := oauth2.GenerateVerifier()
					r, err := http.NewRequest(http.MethodGet, config.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier)), nil)
					require.NoError(t, err)
					a := b.Do(t, r)
					if a.Status == http.StatusOK {
						a = b.Decide(t, a, "allow")
					}
					token, err := config.Exchange(t.Context(), a.Code(), oauth2.VerifierOption(verifier))
					require.NoError(t, err)
					require.Equal(t, app.IsPublic, token.RefreshToken == "")
					res, err := config.Client(t.Context(), token).Get(g.URL + "/api/v4/users/me")
					require.NoError(t, err)
					require.NoError(t, res.Body.Close())
					require.Equal(t, http.StatusOK, res.StatusCode)
					if app.IsPublic {
						return
					}
					token.Expiry = time.Now().Add(-time.Minute)
					fresh, err := config.TokenSource(t.Context(), token).Token()
					require.NoError(t, err)
					require.NotEqual(t, token.AccessToken, fresh.AccessToken)
				})
			}
		}
	})
}

func TestClientAuthentication(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app, public := g.App(t, nil), g.PublicApp(t)
		b := g.SignedIn(t, g.User(t, "ada"))
		send := func(app testkit.App, authorization string, changes ...string) testkit.TokenAnswer {
			form := testkit.RedeemForm(app, b.Code(t, app), changes...)
			r, err := http.NewRequest(http.MethodPost, g.URL+"/oauth/access_token", strings.NewReader(form.Encode()))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
			if authorization != "" {
				r.Header.Set("Authorization", authorization)
			}
			return g.SendToken(t, r)
		}
		basic := func(id, secret string) string {
			r := http.Request{Header: http.Header{}}
			r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
			return r.Header.Get("Authorization")
		}
		require.Equal(t, 200, send(app, basic(app.ID, app.Secret), "-client_id", "-client_secret").Status)
		require.Equal(t, 200, send(app, basic(app.ID, app.Secret)).Status, "the same credentials in both places, as some libraries send them")
		require.Equal(t, 200, send(public, "").Status)
		require.Equal(t, 200, send(public, basic(public.ID, ""), "-client_id").Status, "an empty secret counts as no secret")

		require.Equal(t, 200, send(app, "BEARER "+gatehouse.NewID()).Status, "the contract's client sends its session token to every endpoint")
		require.Equal(t, 200, send(public, "token abc").Status)

		for name, tc := range map[string]struct {
			a      testkit.TokenAnswer
			status int
			code   string
		}{
			"Basic with a wrong secret":    {send(app, basic(app.ID, "wrong"), "-client_secret"), 401, "invalid_client"},
			"Basic without a secret":       {send(app, basic(app.ID, ""), "-client_secret"), 401, "invalid_client"},
			"Basic that is not Base64":     {send(app, "Basic !!!"), 401, "invalid_client"},
			"Basic with a malformed id":    {send(app, basic("x", "y"), "-client_id", "-client_secret"), 401, "invalid_client"},
			"another scheme alone":         {send(app, "Bearer abc", "-client_id", "-client_secret"), 401, "invalid_client"},
			"a malformed id in the body":   {send(app, "", "client_id=x"), 401, "invalid_client"},
			"an unknown id in the body":    {send(app, "", "client_id="+gatehouse.NewID()), 401, "invalid_client"},
			"no client at all":             {send(app, "", "-client_id", "-client_secret"), 400, "invalid_request"},
			"two clients at once":          {send(app, basic(public.ID, "")), 400, "invalid_request"},
			"two secrets at once":          {send(app, basic(app.ID, app.Secret), "client_secret=other"), 400, "invalid_request"},
			"a public client with secret":  {send(public, "", "client_secret=x"), 400, "invalid_request"},
			"a confidential one's without": {send(app, "", "-client_secret"), 401, "invalid_client"},
		} {
			t.Run(name, func(t *testing.T) {
				require.Equal(t, tc.status, tc.a.Status, tc.a.Raw)
				require.Equal(t, tc.code, tc.a.Error)
				if strings.HasPrefix(name, "Basic") {
					require.Contains(t, tc.a.Header.Get("WWW-Authenticate"), "Basic")
				}
			})
		}
	})
}

func TestHostileTokenRequests(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		code := g.SignedIn(t, g.User(t, "ada")).Code(t, app)
		form := testkit.RedeemForm(app, code)
		twice := testkit.RedeemForm(app, code)
		twice.Add("code", code)
		cases := map[string]struct{ query, contentType, body string }{
			"a secret in the URL":    {"?client_secret=" + app.Secret, "application/x-www-form-urlencoded", form.Encode()},
			"everything in the URL":  {"?" + form.Encode(), "application/x-www-form-urlencoded", ""},
			"JSON":                   {"", "application/json", `{"grant_type":"authorization_code"}`},
			"multipart":              {"", "multipart/form-data; boundary=x", "--x--"},
			"no content type":        {"", "", form.Encode()},
			"a repeated parameter":   {"", "application/x-www-form-urlencoded", twice.Encode()},
			"a broken form":          {"", "application/x-www-form-urlencoded", "grant_type=%zz"},
			"an empty body":          {"", "application/x-www-form-urlencoded", ""},
			"a code of a megabyte":   {"", "application/x-www-form-urlencoded", testkit.RedeemForm(app, strings.Repeat("a", 1<<20)).Encode()},
			"a 4 MB scope":           {"", "application/x-www-form-urlencoded", form.Encode() + "&scope=" + strings.Repeat("a+", 1<<21)},
			"NUL bytes":              {"", "application/x-www-form-urlencoded", testkit.RedeemForm(app, code, "client_id=\x00").Encode()},
			"a thousand parameters":  {"", "application/x-www-form-urlencoded", strings.Repeat("grant_type=x&", 1000)},
			"invalid UTF-8 as code":  {"", "application/x-www-form-urlencoded", testkit.RedeemForm(app, "\xff\xfe", "client_id="+app.ID, "client_secret=x").Encode()},
			"a control character ID": {"", "application/x-www-form-urlencoded", testkit.RedeemForm(app, code, "client_id=\r\n").Encode()},
		}
		for name, tc := range cases {
			t.Run(name, func(t *testing.T) {
				r, err := http.NewRequest(http.MethodPost, g.URL+"/oauth/access_token"+tc.query, strings.NewReader(tc.body))
				require.NoError(t, err)
				r.Header.Set("Content-Type", tc.contentType)
				a := g.SendToken(t, r)
				require.GreaterOrEqual(t, a.Status, 400, a.Raw)
				require.Less(t, a.Status, 500, a.Raw)
				require.NotEmpty(t, a.Error)
				require.Empty(t, a.AccessToken)
			})
		}
		g.Redeem(t, app, code)
	})
}
