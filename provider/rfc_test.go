package provider_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/registration"
	"gatehouse/test/testkit"
)

// RFC 6749 §3.1, §3.2: a parameter without a value counts as not sent, and an unknown
// parameter has no effect.
func TestEmptyAndUnknownParametersHaveNoEffect(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, func(n *registration.NewApp) { n.IsTrusted = true })
		b := g.SignedIn(t, g.User(t, "ada"))
		var empty []string
		for _, name := range []string{
			"scope", "code_challenge", "code_challenge_method", "resource", "response_mode", "prompt", "login_hint", "max_age", "request", "request_uri", "redirect_uri",
			"nonce", "display", "ui_locales", "audience", "code_verifier", "id_token_hint", "registration", "claims", "dpop_jkt", "authorization_details",
		} {
			empty = append(empty, name+"=")
		}
		code := b.Authorize(t, app, empty...).Code()
		require.NotEmpty(t, code)
		form := testkit.RedeemForm(app, code, append(empty, "refresh_token=", "client_assertion=", "client_assertion_type=", "foo=bar", "user_id=x", "username=eve")...)
		tokens := g.Token(t, form)
		require.Equal(t, http.StatusOK, tokens.Status, tokens.Raw)
		require.Equal(t, "user", tokens.Scope)

		unknown := []string{"foo=bar", "nonce=n", "display=popup", "ui_locales=de", "audience=https://evil.example.com", "claims={}", "user_id=x", "code=x", "access_token_lifetime=9", "dpop_jkt=x"}
		code = b.Authorize(t, app, unknown...).Code()
		tokens = g.Redeem(t, app, code)
		require.Empty(t, tokens.Audience)
		require.EqualValues(t, 3600, tokens.ExpiresIn)
		for _, name := range []string{"client_id", "response_type"} { // required ones: missing
			a := b.Authorize(t, app, name+"=")
			require.Empty(t, a.Query.Get("code"), name)
		}
		for _, name := range []string{"grant_type", "code", "client_id", "client_secret"} {
			a := g.Token(t, testkit.RedeemForm(app, b.Code(t, app), name+"="))
			require.Contains(t, []string{"invalid_request", "invalid_client"}, a.Error, name)
		}
	})
}

// RFC 6749 §5.1, §5.2: the members of token responses and errors.
func TestTokenResponsesHaveTheRFCsMembers(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		allowed := regexp.MustCompile(`^[\x20-\x21\x23-\x5B\x5D-\x7E]*$`)
		good := g.Redeem(t, app, b.Code(t, app))
		for _, form := range []url.Values{
			{}, testkit.RedeemForm(app, "x"), testkit.RedeemForm(app, "x", "client_secret=x"), testkit.RedeemForm(app, "x", "grant_type=ü"), testkit.RefreshForm(app, good.RefreshToken, "scope=ü \"x\""),
			testkit.RefreshForm(app, "ü"), testkit.RedeemForm(app, b.Code(t, app), "resource=ü"), testkit.RedeemForm(app, b.Code(t, app), "redirect_uri=\"ü\\"), testkit.RedeemForm(app, b.Code(t, app), "code_verifier=ü"),
		} {
			bad := g.Token(t, form)
			require.Contains(t, []int{400, 401}, bad.Status, bad.Raw)
			require.Regexp(t, allowed, bad.Error)
			require.Regexp(t, allowed, bad.ErrorDescription)
			require.NotEmpty(t, bad.ErrorDescription)
			require.Equal(t, bad.Error == "invalid_client", bad.Status == http.StatusUnauthorized)
			for _, a := range []testkit.TokenAnswer{good, bad} {
				require.Equal(t, "application/json", a.Header.Get("Content-Type"))
				require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
				require.Equal(t, "no-cache", a.Header.Get("Pragma"))
			}
		}
		a := b.Authorize(t, app, "scope=\"ü\\")
		require.Regexp(t, allowed, a.Query.Get("error_description"))
	})
}

// RFC 7009 §2.1, RFC 7662 §2.1: a wrong or unknown hint does not hide a token.
func TestTokenTypeHintIsOnlyAHint(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		for _, hint := range []string{"access_token", "refresh_token", "", "pretty_token", "\x00"} {
			tokens := g.Redeem(t, app, b.Code(t, app))
			for _, token := range []string{tokens.AccessToken, tokens.RefreshToken} {
				status, answer := postForm(t, g, "/oauth/introspect", url.Values{"token": {token}, "token_type_hint": {hint}, "client_id": {app.ID}, "client_secret": {app.Secret}})
				require.Equal(t, http.StatusOK, status)
				require.Equal(t, true, answer["active"], hint)
			}
			for _, token := range []string{tokens.RefreshToken, tokens.AccessToken} {
				status, _ := postForm(t, g, "/oauth/revoke", url.Values{"token": {token}, "token_type_hint": {hint}, "client_id": {app.ID}, "client_secret": {app.Secret}})
				require.Equal(t, http.StatusOK, status)
			}
			status, _ := g.Me(t, tokens.AccessToken)
			require.Equal(t, http.StatusUnauthorized, status, hint)
		}
	})
}

// RFC 8707 §2: the resource is checked at the authorization and the token endpoint, for
// codes and implicit tokens. The token has that audience only.
func TestResourceIsAnAbsoluteURIAndBindsTheToken(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, func(n *registration.NewApp) { n.IsTrusted = true })
		b := g.SignedIn(t, g.User(t, "ada"))
		audience := func(token string) any {
			_, answer := postForm(t, g, "/oauth/introspect", url.Values{"token": {token}, "client_id": {app.ID}, "client_secret": {app.Secret}})
			require.Equal(t, true, answer["active"])
			return answer["aud"]
		}
		for _, bad := range []string{"api", "/api", "//api.example.com", "https://api.example.com#x", "https://api.example.com#", "https://api.example.com/\x7f", "https://%zz", ":x", "https://api.example.com/ #", "https://api.example.com/a b", "https://bücher.example"} {
			for _, responseType := range []string{"code", "token"} {
				a := b.Authorize(t, app, "response_type="+responseType, "resource="+bad)
				require.Equal(t, "invalid_target", a.Query.Get("error"), "%q: %s", bad, a.Location)
			}
			code := b.Code(t, app)
			require.Equal(t, "invalid_target", g.Token(t, testkit.RedeemForm(app, code, "resource="+bad)).Error, bad)
			tokens := g.Redeem(t, app, code)
			require.Equal(t, "invalid_target", g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken, "resource="+bad)).Error, bad)
		}
		const one, two = "https://one.example.com/mcp?x=1", "urn:example:two"
		for name, token := range map[string]string{
			"in the token request": g.Redeem(t, app, b.Code(t, app), "resource="+one).AccessToken,
			"agreed to":            g.Redeem(t, app, b.Code(t, app, "resource="+one)).AccessToken,
			"both":                 g.Redeem(t, app, b.Code(t, app, "resource="+one), "resource="+one).AccessToken,
			"the token in front":   b.Authorize(t, app, "resource="+one, "response_type=token").Query.Get("access_token"),
		} {
			require.Equal(t, one, audience(token), name)
		}
		// The resource cannot change at redemption or at a refresh.
		code := b.Code(t, app, "resource="+one)
		require.Equal(t, "invalid_target", g.Token(t, testkit.RedeemForm(app, code, "resource="+two)).Error)
		tokens := g.Redeem(t, app, code)
		require.Equal(t, "invalid_target", g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken, "resource="+two)).Error)
		refreshed := g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken))
		require.Equal(t, one, audience(refreshed.AccessToken))
		for _, values := range []url.Values{testkit.RedeemForm(app, b.Code(t, app)), testkit.RefreshForm(app, refreshed.RefreshToken)} {
			values["resource"] = []string{one, two}
			require.Equal(t, "invalid_target", g.Token(t, values).Error, "one resource only")
		}
	})
}

// RFC 8707 §2: the user consents to a resource. A resource that the authorization
// request did not name is accepted only if the user has consented to it before.
func TestResourceNeedsConsent(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		app := g.App(t, nil)
		b := g.SignedIn(t, g.User(t, "ada"))
		const one, two = "https://one.example.com/mcp", "https://two.example.com:8443/mcp"
		tokens := g.Redeem(t, app, b.Code(t, app))
		require.Equal(t, "invalid_target", g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken, "resource="+one)).Error)
		require.Equal(t, "invalid_target", g.Token(t, testkit.RedeemForm(app, b.Code(t, app), "resource="+one)).Error)

		page := b.Authorize(t, app, "resource="+one)
		require.Equal(t, http.StatusOK, page.Status, "a new resource asks")
		require.Equal(t, "one.example.com", page.Page(t).Find(".resource .host").Text())
		require.NotEmpty(t, b.Decide(t, page, "allow").Code())
		require.NotEmpty(t, b.Authorize(t, app, "resource="+one).Code(), "the consent is remembered")
		require.NotEmpty(t, b.Authorize(t, app).Code())
		page = b.Authorize(t, app, "resource="+two)
		require.Equal(t, "two.example.com:8443", page.Page(t).Find(".resource .host").Text())
		require.Equal(t, "access_denied", b.Decide(t, page, "deny").Query.Get("error"))
		require.Equal(t, "consent_required", b.Authorize(t, app, "resource="+two, "prompt=none").Query.Get("error"))

		code := b.Code(t, app)
		require.Equal(t, "invalid_target", g.Token(t, testkit.RedeemForm(app, code, "resource="+two)).Error)
		narrowed := g.Redeem(t, app, code, "resource="+one)
		require.Equal(t, one, narrowed.Audience)
		require.Equal(t, one, g.Token(t, testkit.RefreshForm(app, tokens.RefreshToken, "resource="+one)).Audience)
	})
}

// RFC 8414 §3.2, RFC 9728 §3.2: each metadata document is one JSON object without empty
// members, at its exact path, for GET.
func TestMetadataDocumentsHaveTheRFCsForm(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		for _, place := range []string{"/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource"} {
			res, err := http.Get(g.URL + place)
			require.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, http.StatusOK, res.StatusCode)
			require.Equal(t, "application/json", res.Header.Get("Content-Type"))
			var members map[string]any
			require.NoError(t, json.Unmarshal(body, &members))
			for name, value := range members {
				require.NotEmpty(t, value, "%s %s", place, name)
			}
			for _, elsewhere := range []string{place + "/", place + "/x", place + "x", "/x" + place} {
				res, err := http.Get(g.URL + elsewhere)
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				require.Equal(t, http.StatusNotFound, res.StatusCode, elsewhere)
			}
			res, err = http.Post(g.URL+place, "application/json", nil)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, http.StatusMethodNotAllowed, res.StatusCode)
		}
	})
}
