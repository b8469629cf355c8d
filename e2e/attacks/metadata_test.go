package attacks_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
	"gatehouse/test/testkit"
)

// metadata is the authorization server metadata as a client reads it.
type metadata struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	RegistrationEndpoint  string   `json:"registration_endpoint"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	IntrospectionEndpoint string   `json:"introspection_endpoint"`
	ResponseTypes         []string `json:"response_types_supported"`
	ResponseModes         []string `json:"response_modes_supported"`
	GrantTypes            []string `json:"grant_types_supported"`
	Scopes                []string `json:"scopes_supported"`
	TokenAuth             []string `json:"token_endpoint_auth_methods_supported"`
	RevocationAuth        []string `json:"revocation_endpoint_auth_methods_supported"`
	IntrospectionAuth     []string `json:"introspection_endpoint_auth_methods_supported"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	Iss                   bool     `json:"authorization_response_iss_parameter_supported"`
}

// In every combination of the settings, what the metadata advertises works, and
// what it does not advertise is refused (RFC 8414 §2).
func TestMetadataAdvertisesExactlyWhatWorks(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		b := g.SignedIn(t, g.User(t, "ada"))
		trusted := g.App(t, func(n *registration.NewApp) { n.IsTrusted = true })
		public := g.App(t, func(n *registration.NewApp) { n.IsTrusted, n.IsPublic = true, true })
		live := grant(t, g, b, trusted)
		for i := range 8 {
			provider, registration, implicit := i&1 != 0, i&2 != 0, i&4 != 0
			t.Run(fmt.Sprintf("provider %t, registration %t, implicit %t", provider, registration, implicit), func(t *testing.T) {
				g.Set(t, gatehouse.SettingEnableOAuthServiceProvider, fmt.Sprint(provider))
				g.Set(t, gatehouse.SettingEnableDynamicClientRegistration, fmt.Sprint(registration))
				g.Set(t, gatehouse.SettingEnableImplicitGrant, fmt.Sprint(implicit))
				a := send(t, g, "GET", "/.well-known/oauth-authorization-server", "")
				if !provider {
					require.Equal(t, http.StatusNotImplemented, a.Status)
					require.NotContains(t, a.Body, "endpoint")
					s := checker{t, g, b, metadata{Issuer: g.URL}}
					s.everythingIsOff(trusted, live)
					return
				}
				require.Equal(t, http.StatusOK, a.Status)
				s := checker{t: t, g: g, b: b}
				require.NoError(t, json.Unmarshal([]byte(a.Body), &s.m))
				s.identity()
				s.responses(trusted)
				s.grants(trusted, public)
				s.authentication(trusted, public)
				s.challenges(trusted)
				s.registration()
			})
		}
	})
}

// checker compares the metadata with the answers of the endpoints.
type checker struct {
	t *testing.T
	g *testkit.Gateway
	b *testkit.Browser
	m metadata
}

func (s checker) path(endpoint string) string {
	path, ok := strings.CutPrefix(endpoint, s.m.Issuer)
	require.True(s.t, ok, endpoint)
	return path
}

func (s checker) identity() {
	require.Equal(s.t, s.g.URL, s.m.Issuer)
	a := send(s.t, s.g, "GET", "/.well-known/oauth-protected-resource", "")
	require.Equal(s.t, http.StatusOK, a.Status)
	require.Contains(s.t, a.Body, `"resource":"`+s.m.Issuer+`"`)
	require.Contains(s.t, a.Body, `"authorization_servers":["`+s.m.Issuer+`"]`)
	require.NotContains(s.t, a.Body, "null")
	challenge := send(s.t, s.g, "GET", "/api/v4/users/me", "").Header.Get("WWW-Authenticate")
	require.Contains(s.t, challenge, `resource_metadata="`+s.m.Issuer+`/.well-known/oauth-protected-resource"`)
	for _, endpoint := range []string{s.m.AuthorizationEndpoint, s.m.TokenEndpoint, s.m.RevocationEndpoint, s.m.IntrospectionEndpoint} {
		require.NotEqual(s.t, http.StatusNotFound, send(s.t, s.g, "POST", s.path(endpoint), "").Status, endpoint)
	}
}

// responses sends every response type with every response mode.
func (s checker) responses(app testkit.App) {
	for _, responseType := range []string{"code", "token", "id_token", "code token", "none"} {
		for _, mode := range []string{"", "query", "fragment", "form_post", "web_message", "jwt"} {
			change := []string{"response_type=" + responseType, "response_mode=" + mode}
			if mode == "" {
				change[1] = "-response_mode"
			}
			a := s.b.Authorize(s.t, app, change...)
			advertised := slices.Contains(s.m.ResponseTypes, responseType) && (mode == "" || slices.Contains(s.m.ResponseModes, mode))
			if advertised && (responseType != "token" || mode != "query") {
				if mode == "form_post" {
					require.Equal(s.t, http.StatusOK, a.Status)
					require.Regexp(s.t, ourSecret, a.Body)
					require.Equal(s.t, s.m.Issuer, a.Page(s.t).Find("[name=iss]").AttrOr("value", ""))
					continue
				}
				require.NotEmpty(s.t, a.Query.Get("code")+a.Query.Get("access_token"), "%s %s: %s %s", responseType, mode, a.Location, a.Body)
				require.Equal(s.t, mode == "fragment" || mode == "" && responseType == "token", strings.Contains(a.Location, "#"))
			} else if mode == "form_post" { // an error is posted as well
				require.NotEmpty(s.t, a.Page(s.t).Find("[name=error]").AttrOr("value", ""))
				require.NotRegexp(s.t, ourSecret, a.Body)
				continue
			} else {
				require.NotEmpty(s.t, a.Query.Get("error"), "%s %s: %s", responseType, mode, a.Location)
				require.NotRegexp(s.t, ourSecret, a.Location)
			}
			if s.m.Iss {
				require.Equal(s.t, s.m.Issuer, a.Query.Get("iss"), "RFC 9207 §2: on success and error")
			}
		}
	}
}

func (s checker) token(values url.Values, headers ...string) testkit.Answer {
	return send(s.t, s.g, "POST", s.path(s.m.TokenEndpoint), values.Encode(), append(headers, "Content-Type", form)...)
}

// grants sends every grant type with all parameters that it could need.
func (s checker) grants(app, public testkit.App) {
	for _, grantType := range []string{
		"authorization_code", "refresh_token", "password", "client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:saml2-bearer",
		"urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange", "urn:openid:params:grant-type:ciba",
	} {
		tokens := grant(s.t, s.g, s.b, app)
		values := testkit.RedeemForm(app, s.b.Code(s.t, app), "grant_type="+grantType, "refresh_token="+tokens.RefreshToken, "username=ada", "password="+testkit.Password,
			"assertion="+tokens.AccessToken, "subject_token="+tokens.AccessToken, "subject_token_type=urn:ietf:params:oauth:token-type:access_token", "device_code=x")
		a := s.token(values)
		if slices.Contains(s.m.GrantTypes, grantType) {
			require.Equal(s.t, http.StatusOK, a.Status, "%s: %s", grantType, a.Body)
		} else {
			require.Equal(s.t, http.StatusBadRequest, a.Status, grantType)
			require.Contains(s.t, a.Body, "unsupported_grant_type", grantType)
		}
	}
	require.Equal(s.t, slices.Contains(s.m.GrantTypes, "implicit"), slices.Contains(s.m.ResponseTypes, "token"), "the grant type implicit belongs to the response type token")
	require.Empty(s.t, grant(s.t, s.g, s.b, public).RefreshToken)
}

// authentication uses every method of client authentication at every endpoint.
func (s checker) authentication(app, public testkit.App) {
	for _, method := range []string{"none", "client_secret_post", "client_secret_basic", "private_key_jwt", "client_secret_jwt", "tls_client_auth"} {
		client := app
		if method == "none" {
			client = public
		}
		with := func(values url.Values) (url.Values, []string) {
			values.Del("client_secret")
			values.Set("client_id", client.ID)
			switch method {
			case "client_secret_post":
				values.Set("client_secret", client.Secret)
			case "client_secret_basic":
				values.Del("client_id")
				r := http.Request{Header: http.Header{}}
				r.SetBasicAuth(client.ID, client.Secret)
				return values, []string{"Authorization", r.Header.Get("Authorization")}
			case "private_key_jwt", "client_secret_jwt":
				values.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
				values.Set("client_assertion", "eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.")
			case "tls_client_auth":
				return values, []string{"X-SSL-Cert", "x", "X-Client-Cert", "x"}
			}
			return values, nil
		}
		token := grant(s.t, s.g, s.b, client).AccessToken
		for endpoint, try := range map[string]struct {
			advertised []string
			values     url.Values
		}{
			s.m.TokenEndpoint:         {s.m.TokenAuth, testkit.RedeemForm(client, s.b.Code(s.t, client))},
			s.m.IntrospectionEndpoint: {s.m.IntrospectionAuth, url.Values{"token": {token}}},
			s.m.RevocationEndpoint:    {s.m.RevocationAuth, url.Values{"token": {token}}},
		} {
			values, headers := with(try.values)
			a := send(s.t, s.g, "POST", s.path(endpoint), values.Encode(), append(headers, "Content-Type", form)...)
			if slices.Contains(try.advertised, method) {
				require.Equal(s.t, http.StatusOK, a.Status, "%s at %s: %s", method, endpoint, a.Body)
			} else {
				require.Equal(s.t, http.StatusUnauthorized, a.Status, "%s at %s: %s", method, endpoint, a.Body)
				require.Contains(s.t, a.Body, "invalid_client")
			}
		}
	}
}

// challenges uses every method of PKCE.
func (s checker) challenges(app testkit.App) {
	for _, method := range []string{"S256", "plain", "s256", "S512", ""} {
		a := s.b.Authorize(s.t, app, "code_challenge="+testkit.Challenge, "code_challenge_method="+method)
		if slices.Contains(s.m.ChallengeMethods, method) {
			tokens := s.g.Redeem(s.t, app, a.Code(), "code_verifier="+testkit.Verifier)
			require.NotEmpty(s.t, tokens.AccessToken)
		} else {
			require.Equal(s.t, "invalid_request", a.Query.Get("error"), method)
		}
	}
	for _, scope := range s.m.Scopes {
		require.NotEmpty(s.t, s.b.Authorize(s.t, app, "scope="+scope).Code(), scope)
	}
}

// registration registers a client with each authentication method, and uses it.
func (s checker) registration() {
	const place = "/api/v4/oauth/apps/register"
	if s.m.RegistrationEndpoint == "" {
		a := send(s.t, s.g, "POST", place, `{"redirect_uris":["https://app.example.com/cb"]}`)
		require.Equal(s.t, http.StatusBadRequest, a.Status)
		require.Contains(s.t, a.Body, "unsupported_operation")
		return
	}
	for _, method := range append(slices.Clone(s.m.TokenAuth), "private_key_jwt", "client_secret_jwt", "tls_client_auth") {
		a := send(s.t, s.g, "POST", s.path(s.m.RegistrationEndpoint), `{"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"`+method+`"}`)
		if !slices.Contains(s.m.TokenAuth, method) {
			require.Equal(s.t, http.StatusBadRequest, a.Status, method)
			continue
		}
		require.Equal(s.t, http.StatusCreated, a.Status, a.Body)
		var client struct {
			ID            string   `json:"client_id"`
			Secret        string   `json:"client_secret"`
			Method        string   `json:"token_endpoint_auth_method"`
			GrantTypes    []string `json:"grant_types"`
			ResponseTypes []string `json:"response_types"`
		}
		require.NoError(s.t, json.Unmarshal([]byte(a.Body), &client))
		require.Equal(s.t, method, client.Method)
		require.Subset(s.t, s.m.GrantTypes, client.GrantTypes)
		require.Subset(s.t, s.m.ResponseTypes, client.ResponseTypes)
		app, err := s.g.Store.App(s.t.Context(), client.ID)
		require.NoError(s.t, err)
		tokens := s.redeemWith(method, testkit.App{App: app, Secret: client.Secret})
		require.Equal(s.t, slices.Contains(client.GrantTypes, "refresh_token"), tokens.RefreshToken != "")
	}
}

// redeemWith authorizes an app and redeems the code with a method of client authentication.
func (s checker) redeemWith(method string, app testkit.App) testkit.TokenAnswer {
	values := testkit.RedeemForm(app, s.b.Code(s.t, app))
	if method == "client_secret_basic" {
		values.Del("client_secret")
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.g.URL+s.path(s.m.TokenEndpoint), strings.NewReader(values.Encode()))
	require.NoError(s.t, err)
	r.Header.Set("Content-Type", form)
	if method == "client_secret_basic" {
		r.SetBasicAuth(app.ID, app.Secret)
	}
	tokens := s.g.SendToken(s.t, r)
	require.Equal(s.t, http.StatusOK, tokens.Status, tokens.Raw)
	return tokens
}

// everythingIsOff requires that every endpoint of the provider is off (C 2.14).
func (s checker) everythingIsOff(app testkit.App, live testkit.TokenAnswer) {
	js := []string{"Content-Type", "application/json", "X-Requested-With", "XMLHttpRequest"}
	for name, a := range map[string]testkit.Answer{
		"authorize":        s.b.Authorize(s.t, app),
		"authorize by API": sendFrom(s.t, s.b, s.g, "POST", "/oauth/authorize", `{"client_id":"`+app.ID+`","response_type":"code","redirect_uri":"`+testkit.RedirectURI+`"}`, js...),
		"token":            send(s.t, s.g, "POST", "/oauth/access_token", testkit.RefreshForm(app, live.RefreshToken).Encode(), "Content-Type", form),
		"introspection":    about(s.t, s.g, "/oauth/introspect", app, live.AccessToken),
		"revocation":       about(s.t, s.g, "/oauth/revoke", app, live.AccessToken),
		"resource":         send(s.t, s.g, "GET", "/.well-known/oauth-protected-resource", ""),
		"authorised apps":  s.b.Get(s.t, "/api/v4/users/me/oauth/apps/authorized"),
	} {
		require.Equal(s.t, http.StatusNotImplemented, a.Status, "%s: %s", name, a.Body)
		require.Empty(s.t, a.Location, name)
		require.NotRegexp(s.t, ourSecret, a.Body, name)
	}
	a := send(s.t, s.g, "POST", "/api/v4/oauth/apps/register", `{"redirect_uris":["https://x.example/cb"]}`)
	require.Equal(s.t, http.StatusBadRequest, a.Status)
	require.Contains(s.t, a.Body, "unsupported_operation")
}
