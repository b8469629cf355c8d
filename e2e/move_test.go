package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"gatehouse/test/testdb"
)

// The test moves from SQLite to PostgreSQL and back while a client holds codes and tokens.
func TestCodesAndTokensWorkAfterMigrateData(t *testing.T) {
	first, second, third := testdb.SQLite(t), testdb.Postgres(t), testdb.SQLite(t)
	p := serve(t, withAdmin(first)...)
	app := newApp(t, first)
	b := newBrowser(t)
	token, err := at(app, p).Exchange(t.Context(), b.authorize(t, at(app, p).AuthCodeURL("x"), admin))
	require.NoError(t, err)
	redeemed := b.authorize(t, at(app, p).AuthCodeURL("x"), admin)
	other, err := at(app, p).Exchange(t.Context(), redeemed)
	require.NoError(t, err)

	tokens := []*oauth2.Token{token, other}
	for _, move := range []struct{ from, to string }{{first, second}, {second, third}} {
		waiting := b.authorize(t, at(app, p).AuthCodeURL("x"), admin)
		require.Zero(t, p.stop(t))
		run(t, []string{"GATEHOUSE_DATABASE_URL=" + move.to}, "migrate", "up")
		out := run(t, nil, "migrate-data", "--from", move.from, "--to", move.to)
		require.Contains(t, out, "All data was copied")
		require.Len(t, strings.Split(strings.TrimSpace(out), "\n"), 1+13+2, "the heading, thirteen tables, an empty line and the message: %s", out)

		p = serve(t, withAdmin(move.to)...)
		for i, old := range tokens {
			requireMe(t, p, old.AccessToken, http.StatusOK)
			tokens[i], err = refresh(t.Context(), at(app, p), old)
			require.NoError(t, err)
			requireMe(t, p, tokens[i].AccessToken, http.StatusOK)
		}
		redeemedLate, err := at(app, p).Exchange(t.Context(), waiting)
		require.NoError(t, err, "a code from before the move")
		tokens = append(tokens, redeemedLate)
		b = newBrowser(t) // the new process has another port, so its cookies are separate
		b.authorize(t, at(app, p).AuthCodeURL("x"), admin)
	}
	_, err = at(app, p).Exchange(t.Context(), redeemed)
	require.ErrorContains(t, err, "invalid_grant", "a code that was redeemed before the move is still used up")
	requireMe(t, p, tokens[1].AccessToken, http.StatusUnauthorized)
	requireMe(t, p, tokens[0].AccessToken, http.StatusOK)
}
