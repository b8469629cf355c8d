package e2e_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
)

// sealingSecret is the GATEHOUSE_SECRET of the tests.
const sealingSecret = "a secret for the end-to-end tests, long enough"

var admin = credentials{"root", "correct horse battery"}

// withAdmin returns an environment with a secret, a first System Admin and the provider
// turned on.
func withAdmin(databaseURL string) []string {
	return []string{
		"GATEHOUSE_DATABASE_URL=" + databaseURL, "GATEHOUSE_SECRET=" + sealingSecret,
		"GATEHOUSE_ADMIN_USERNAME=" + admin.login, "GATEHOUSE_ADMIN_EMAIL=root@example.com", "GATEHOUSE_ADMIN_PASSWORD=" + admin.password,
		"GATEHOUSE_ENABLE_OAUTH_SERVICE_PROVIDER=true",
	}
}

// newApp registers an app with the app create command.
func newApp(t *testing.T, databaseURL string, flags ...string) oauth2.Config {
	t.Helper()
	var app struct {
		ID           string
		ClientSecret string `json:"client_secret"`
	}
	args := append([]string{"app", "create", "--name", "An app", "--callback-url", "https://app.example.com/cb"}, flags...)
	runJSON(t, []string{"GATEHOUSE_DATABASE_URL=" + databaseURL}, &app, args...)
	return oauth2.Config{ClientID: app.ID, ClientSecret: app.ClientSecret, RedirectURL: "https://app.example.com/cb"}
}

// at returns the app with the endpoints of a process.
func at(app oauth2.Config, p *process) *oauth2.Config {
	app.Endpoint = oauth2.Endpoint{AuthURL: p.url + "/oauth/authorize", TokenURL: p.url + "/oauth/access_token", AuthStyle: oauth2.AuthStyleInParams}
	return &app
}

// refresh redeems the refresh token and returns the new tokens.
func refresh(ctx context.Context, app *oauth2.Config, token *oauth2.Token) (*oauth2.Token, error) {
	return app.TokenSource(ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
}

// me requests /users/me with an access token.
func me(ctx context.Context, p *process, accessToken string) (status int, username string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/api/v4/users/me", nil)
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Authorization", "Bearer "+accessToken)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	var user struct{ Username string }
	err = json.NewDecoder(res.Body).Decode(&user)
	return res.StatusCode, user.Username, err
}

// requireMe requires a status of /users/me, and the user admin if it is 200.
func requireMe(t *testing.T, p *process, accessToken string, status int, why ...any) {
	t.Helper()
	got, username, err := me(t.Context(), p, accessToken)
	require.NoError(t, err)
	require.Equal(t, status, got, why...)
	if status == http.StatusOK {
		require.Equal(t, admin.login, username)
	}
}

// status requests a URL and returns the status, the header and the body of the response.
func status(t *testing.T, address string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, res.Header, string(body)
}
