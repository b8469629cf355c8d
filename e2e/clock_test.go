package e2e_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"gatehouse/test/testdb"
)

const day = 24 * time.Hour

func TestSettingTheClockUnderLoadLosesNoTokenAndAcceptsNoCodeTwice(t *testing.T) {
	program := steppedProgram(t)
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		p := serveStepped(t, program, 0, withAdmin(databaseURL)...)
		app := newApp(t, databaseURL)
		const clients = 4
		browsers := make([]*browser, clients)
		for i := range browsers {
			browsers[i] = newBrowser(t)
			browsers[i].authorize(t, at(app, p.process).AuthCodeURL("x"), admin)
		}
		l := &ledger{more: make(chan struct{}, 1<<16)}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var working sync.WaitGroup
		errs := make([]error, clients)
		for i, b := range browsers {
			working.Go(func() {
				for ctx.Err() == nil && errs[i] == nil {
					errs[i] = ignoreSteppedCode(l.work(ctx, at(app, p.process), b))
				}
			})
		}
		for _, by := range []time.Duration{0, 20 * time.Minute, -2 * time.Hour, 2 * time.Hour, -day, 0} {
			p.step(t, by)
			l.await(t, 30, p.process)
		}
		stop()
		working.Wait()
		require.NoError(t, errors.Join(errs...))

		// Access tokens from a time when the clock was a day behind have expired, so each
		// token is refreshed. No grant may have ended.
		for _, token := range l.tokens {
			fresh, err := refresh(t.Context(), at(app, p.process), token)
			require.NoError(t, err)
			requireMe(t, p.process, fresh.AccessToken, http.StatusOK)
		}
		for _, c := range l.redeemed {
			_, err := at(app, p.process).Exchange(t.Context(), c.code)
			require.ErrorContains(t, err, "invalid_grant")
		}
	})
}

// ignoreSteppedCode ignores the error of a code that was refused because the clock was
// set before it was redeemed: the code is then too old or from the future. An error of a
// refresh is never ignored.
func ignoreSteppedCode(err error) error {
	var refused *oauth2.RetrieveError
	refusedCode := err != nil && strings.HasPrefix(err.Error(), "redeem: ") && errors.As(err, &refused) && refused.ErrorCode == "invalid_grant"
	if refusedCode || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func TestClockThatWasAheadForAWhileEndsNoTokenCodeOrSession(t *testing.T) {
	program := steppedProgram(t)
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		p := serveStepped(t, program, 0, withAdmin(databaseURL)...)
		app, b := newApp(t, databaseURL), newBrowser(t)
		token, err := at(app, p.process).Exchange(t.Context(), b.authorize(t, at(app, p.process).AuthCodeURL("x"), admin))
		require.NoError(t, err)
		waiting := b.authorize(t, at(app, p.process).AuthCodeURL("x"), admin)

		p.step(t, 400*day)
		requireMe(t, p.process, token.AccessToken, http.StatusUnauthorized)
		_, err = refresh(t.Context(), at(app, p.process), token)
		require.ErrorContains(t, err, "invalid_grant")
		_, err = at(app, p.process).Exchange(t.Context(), waiting)
		require.ErrorContains(t, err, "invalid_grant")
		fromTheFuture := newBrowser(t).authorize(t, at(app, p.process).AuthCodeURL("x"), admin)

		p.step(t, 0)
		requireMe(t, p.process, token.AccessToken, http.StatusOK)
		_, err = at(app, p.process).Exchange(t.Context(), waiting)
		require.NoError(t, err, "the refused attempt did not use up the code")
		_, err = at(app, p.process).Exchange(t.Context(), fromTheFuture)
		require.ErrorContains(t, err, "invalid_grant", "otherwise the code would be valid for more than a year")
		fresh, err := refresh(t.Context(), at(app, p.process), token)
		require.NoError(t, err)
		requireMe(t, p.process, fresh.AccessToken, http.StatusOK)
		require.NotEmpty(t, b.authorize(t, at(app, p.process).AuthCodeURL("x"), credentials{}), "the session did not end")
	})
}

func TestSettingTheClockBackDoesNotAcceptARetiredToken(t *testing.T) {
	program := steppedProgram(t)
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		p := serveStepped(t, program, 0, withAdmin(databaseURL)...)
		app, b := newApp(t, databaseURL), newBrowser(t)
		old, err := at(app, p.process).Exchange(t.Context(), b.authorize(t, at(app, p.process).AuthCodeURL("x"), admin))
		require.NoError(t, err)
		current, err := refresh(t.Context(), at(app, p.process), old)
		require.NoError(t, err)

		p.step(t, -day)
		requireMe(t, p.process, current.AccessToken, http.StatusOK)
		requireMe(t, p.process, old.AccessToken, http.StatusUnauthorized)
		_, err = refresh(t.Context(), at(app, p.process), old)
		require.ErrorContains(t, err, "invalid_grant")
		requireMe(t, p.process, current.AccessToken, http.StatusUnauthorized, "the reuse revoked the grant")
	})
}

func TestNodesWithDifferentClocksWorkTogether(t *testing.T) {
	program := steppedProgram(t)
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		// The test is the proxy of the site, and sends the host of the node.
		site := []string{"GATEHOUSE_SITE_URL=http://gateway.example.com", "GATEHOUSE_TRUSTED_PROXIES=127.0.0.1"}
		nodes := []stepped{
			serveStepped(t, program, 4*time.Minute, append(withAdmin(databaseURL), site...)...),
			serveStepped(t, program, 0, append(withAdmin(databaseURL), site...)...),
		}
		app := newApp(t, databaseURL)
		for i, here := range nodes {
			there := nodes[1-i]
			code := newBrowser(t).authorize(t, at(app, here.process).AuthCodeURL("x"), admin)
			token, err := at(app, there.process).Exchange(t.Context(), code)
			require.NoError(t, err)
			requireMe(t, here.process, token.AccessToken, http.StatusOK)
			fresh, err := refresh(t.Context(), at(app, here.process), token)
			require.NoError(t, err)
			requireMe(t, there.process, fresh.AccessToken, http.StatusOK)
			// A client that did not receive the response repeats the refresh at the other
			// node. If the clock of that node is behind, the grace window is still open. If
			// it is ahead, the grace window is over, and the repeat counts as reuse.
			again, err := refresh(t.Context(), at(app, there.process), token)
			if i == 0 {
				require.NoError(t, err)
				requireMe(t, here.process, again.AccessToken, http.StatusOK)
			} else {
				require.ErrorContains(t, err, "invalid_grant")
				requireMe(t, here.process, fresh.AccessToken, http.StatusUnauthorized)
			}
		}
	})
}
