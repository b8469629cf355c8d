package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
)

// ephemeral is the line that `gatehouse demo --ephemeral` prints.
type ephemeral struct {
	Issuer string
	Apps   []struct {
		Name         string
		ClientID     string   `json:"client_id"`
		ClientSecret string   `json:"client_secret"`
		IsPublic     bool     `json:"is_public"`
		RedirectURIs []string `json:"redirect_uris"`
	}
	Users []struct{ Username, Email, Password string }
}

// startEphemeral starts a gateway for tests and waits for its line.
func startEphemeral(t *testing.T, flags ...string) (*process, ephemeral) {
	t.Helper()
	p := launch(t, []string{"GATEHOUSE_SITE_URL=nonsense"}, append([]string{"demo", "--ephemeral"}, flags...)...)
	var e ephemeral
	require.NoError(t, json.Unmarshal([]byte(p.awaitLine(t, p.stdout, "\"issuer\"")), &e))
	p.url = e.Issuer
	return p, e
}

// Each app and each user of the line works, and nothing is left behind.
func TestEphemeralDemoServesTheTestsOfAClient(t *testing.T) {
	p, e := startEphemeral(t)
	require.Len(t, e.Apps, 5)
	require.Len(t, e.Users, 2)
	for i, user := range e.Users {
		app := e.Apps[i]
		config := oauth2.Config{ClientID: app.ClientID, ClientSecret: app.ClientSecret, RedirectURL: "http://127.0.0.1:34567/callback"} // any port
		verifier := oauth2.GenerateVerifier()
		code := newBrowser(t).authorize(t, at(config, p).AuthCodeURL("x", oauth2.S256ChallengeOption(verifier)), credentials{user.Username, user.Password})
		token, err := at(config, p).Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
		require.NoError(t, err)
		answer, username, err := me(t.Context(), p, token.AccessToken)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer)
		require.Equal(t, user.Username, username)
	}
	found := doctor(t, nil, e.Issuer)
	require.Empty(t, found.broken(), "%+v", found.Findings)

	require.Zero(t, p.stop(t))
	require.Empty(t, p.log.String(), "there is nothing to warn about")
	left, err := filepath.Glob(filepath.Join(p.cmd.Dir, "*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestEphemeralDemosRunSideBySideWithTheirOwnCallbackURLs(t *testing.T) {
	const callback = "https://app.example.com/oauth/callback"
	first, one := startEphemeral(t, "--callback-url", callback, "--callback-url", "com.example.app:/callback")
	second, two := startEphemeral(t)
	require.NotEqual(t, one.Issuer, two.Issuer)
	require.Equal(t, []string{callback}, one.Apps[0].RedirectURIs, "a confidential app has no private-use scheme")
	require.True(t, one.Apps[1].IsPublic)
	require.Equal(t, []string{callback, "com.example.app:/callback"}, one.Apps[1].RedirectURIs)
	app := oauth2.Config{ClientID: one.Apps[0].ClientID, ClientSecret: one.Apps[0].ClientSecret, RedirectURL: callback}
	user := credentials{one.Users[1].Username, one.Users[1].Password}
	code := newBrowser(t).authorize(t, at(app, first).AuthCodeURL("x"), user)
	_, err := at(app, second).Exchange(t.Context(), code)
	require.Error(t, err, "the second gateway has its own secret and data")
	_, err = at(app, first).Exchange(t.Context(), code)
	require.NoError(t, err)
	require.NoError(t, first.cmd.Process.Signal(os.Interrupt))
	require.Zero(t, first.await(t))
	require.Zero(t, second.stop(t))
}
