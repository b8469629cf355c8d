package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"gatehouse/test/testdb"
)

func TestAppSignsUserInAndTheLogContainsNoSecret(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		p := serve(t, withAdmin(databaseURL)...)
		require.Contains(t, p.log.String(), "created the first System Admin")
		app := newApp(t, databaseURL)
		b := newBrowser(t)
		b.remember(sealingSecret, app.ClientSecret, "a-state-that-must-not-be-logged")

		verifier := oauth2.GenerateVerifier()
		b.remember(verifier, oauth2.S256ChallengeFromVerifier(verifier))
		code := b.authorize(t, at(app, p).AuthCodeURL("a-state-that-must-not-be-logged", oauth2.S256ChallengeOption(verifier)), admin)
		_, err := at(app, p).Exchange(t.Context(), code, oauth2.VerifierOption("wrong-"+verifier))
		require.ErrorContains(t, err, "invalid_grant")

		code = b.authorize(t, at(app, p).AuthCodeURL("x", oauth2.S256ChallengeOption(verifier)), admin)
		token, err := at(app, p).Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
		require.NoError(t, err)
		b.remember(token.AccessToken, token.RefreshToken)
		requireMe(t, p, token.AccessToken, http.StatusOK)
		status(t, p.url+"/api/v4/users/me?access_token="+token.AccessToken)

		fresh, err := refresh(t.Context(), at(app, p), token)
		require.NoError(t, err)
		b.remember(fresh.AccessToken, fresh.RefreshToken)
		requireMe(t, p, fresh.AccessToken, http.StatusOK)

		_, err = at(app, p).Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
		require.ErrorContains(t, err, "invalid_grant", "a code is redeemed once")
		requireMe(t, p, fresh.AccessToken, http.StatusUnauthorized)

		mistyped := credentials{admin.login, "a mistyped password"}
		other := newBrowser(t)
		other.signIn(t, other.get(t, p.url+"/login"), mistyped)

		require.Zero(t, p.stop(t))
		for _, secret := range append(append(b.secrets, other.secrets...), url.QueryEscape(admin.password), url.QueryEscape(sealingSecret)) {
			require.NotContains(t, p.log.String(), secret)
		}
		require.Greater(t, len(b.secrets), 15, "the browser saw enough secrets")
	})
}

func TestSetUpLinkCreatesTheFirstSystemAdminOnce(t *testing.T) {
	databaseURL := testdb.SQLite(t)
	env := []string{"GATEHOUSE_DATABASE_URL=" + databaseURL}
	p := serve(t, env...)
	var line struct {
		Link string `json:"set_up_link"`
	}
	require.NoError(t, json.Unmarshal([]byte(p.awaitLine(t, p.log, "there is no user yet")), &line))
	link := strings.Replace(line.Link, "http://localhost:8065", p.url, 1)

	b := newBrowser(t)
	page := b.submit(t, b.get(t, link), "username", url.Values{"username": {"founder"}, "email": {"founder@example.com"}, "password": {"a good long one"}})
	require.Equal(t, http.StatusOK, page.status)
	require.Equal(t, "/", page.url.Path, "the start page, signed in")
	require.Contains(t, page.Text(), "founder")
	require.Equal(t, http.StatusNotFound, newBrowser(t).get(t, link).status, "the link works once")

	var users []struct{ Username, Roles string }
	runJSON(t, env, &users, "user", "list")
	require.Len(t, users, 1)
	require.Contains(t, users[0].Roles, "system_admin")

	require.Zero(t, p.stop(t))
	require.NotContains(t, serve(t, env...).log.String(), "set_up_link", "there is a user now")
}

func TestTokensWorkAfterTheSecretIsReplacedWhileThePreviousOneIsSet(t *testing.T) {
	databaseURL := testdb.SQLite(t)
	p := serve(t, withAdmin(databaseURL)...)
	app := newApp(t, databaseURL)
	code := newBrowser(t).authorize(t, at(app, p).AuthCodeURL("x"), admin)
	token, err := at(app, p).Exchange(t.Context(), code)
	require.NoError(t, err)
	require.Zero(t, p.stop(t))

	const newSecret = "GATEHOUSE_SECRET=another secret, which is just as long"
	p = serve(t, "GATEHOUSE_DATABASE_URL="+databaseURL, newSecret, "GATEHOUSE_SECRET_PREVIOUS="+sealingSecret)
	requireMe(t, p, token.AccessToken, http.StatusOK)
	require.Zero(t, p.stop(t))

	p = serve(t, "GATEHOUSE_DATABASE_URL="+databaseURL, newSecret)
	requireMe(t, p, token.AccessToken, http.StatusUnauthorized)
}

func TestTwoProcessesShareASQLiteDatabase(t *testing.T) {
	databaseURL := testdb.SQLite(t)
	env := withAdmin(databaseURL)
	env[1] = "GATEHOUSE_SECRET=" // both processes use the file beside the database
	first, second := serve(t, env...), serve(t, env...)
	app := newApp(t, databaseURL)

	code := newBrowser(t).authorize(t, at(app, first).AuthCodeURL("x"), admin)
	token, err := at(app, second).Exchange(t.Context(), code)
	require.NoError(t, err)
	requireMe(t, first, token.AccessToken, http.StatusOK)
	requireMe(t, second, token.AccessToken, http.StatusOK)
	_, err = at(app, first).Exchange(t.Context(), code)
	require.ErrorContains(t, err, "invalid_grant")
	requireMe(t, second, token.AccessToken, http.StatusUnauthorized)
}
