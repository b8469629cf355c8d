package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"gatehouse/test/testdb"
)

// ledger records the responses that clients received before the gateway was killed.
type ledger struct {
	mu       sync.Mutex
	tokens   []*oauth2.Token // received and not refreshed since
	redeemed []redeemedCode
	more     chan struct{} // receives an element for each redeemed code
}

type redeemedCode struct{ code, accessToken string }

// work redeems codes, and refreshes every third token, until the gateway is killed.
func (l *ledger) work(ctx context.Context, app *oauth2.Config, b *browser) error {
	for i := 0; ; i++ {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, app.AuthCodeURL("x"), nil)
		if err != nil {
			return err
		}
		p, err := b.fetch(r)
		if err != nil {
			return nil //nolint:nilerr // the gateway was killed, as the test intends
		}
		code := p.answer.Get("code")
		if code == "" {
			return errors.New("no code: " + p.Text())
		}
		token, err := app.Exchange(ctx, code)
		if connectionBroke(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("redeem: %w", err)
		}
		l.redeem(redeemedCode{code, token.AccessToken}, token)
		if i%3 != 0 {
			continue
		}
		fresh, err := refresh(ctx, app, token)
		l.forget(token)
		if connectionBroke(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("refresh: %w", err)
		}
		l.keep(fresh)
	}
}

// connectionBroke reports whether a request failed without a response. A response with
// an OAuth error is not such a failure.
func connectionBroke(err error) bool {
	var refused *oauth2.RetrieveError
	return err != nil && !errors.As(err, &refused)
}

func (l *ledger) redeem(c redeemedCode, t *oauth2.Token) {
	l.mu.Lock()
	l.redeemed = append(l.redeemed, c)
	l.tokens = append(l.tokens, t)
	l.mu.Unlock()
	l.more <- struct{}{}
}

func (l *ledger) keep(t *oauth2.Token) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens = append(l.tokens, t)
}

func (l *ledger) forget(t *oauth2.Token) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens = slices.DeleteFunc(l.tokens, func(other *oauth2.Token) bool { return other == t })
}

// await waits until the clients have redeemed this number of codes, counted from now.
func (l *ledger) await(t *testing.T, codes int, p *process) {
	t.Helper()
	for len(l.more) > 0 {
		<-l.more
	}
	for range codes {
		select {
		case <-l.more:
		case <-time.After(waitTimeout):
			t.Fatal("the clients redeem no codes", p.log)
		}
	}
}

func TestKillUnderLoadLosesNoTokenAndAcceptsNoCodeTwice(t *testing.T) {
	testdb.Each(t, func(t *testing.T, databaseURL string) {
		p := serve(t, withAdmin(databaseURL)...)
		app := newApp(t, databaseURL)
		const clients, crashes, codes = 6, 3, 40
		browsers := make([]*browser, clients)
		for i := range browsers {
			browsers[i] = newBrowser(t)
			browsers[i].authorize(t, at(app, p).AuthCodeURL("x"), admin)
		}
		l := &ledger{more: make(chan struct{}, 1<<16)}
		for range crashes {
			errs := make([]error, clients)
			var wg sync.WaitGroup
			for i, b := range browsers {
				wg.Go(func() { errs[i] = l.work(t.Context(), at(app, p), b) })
			}
			l.await(t, codes, p)
			p.kill(t)
			wg.Wait()
			require.NoError(t, errors.Join(errs...))
			p = serve(t, withAdmin(databaseURL)...)
		}

		require.GreaterOrEqual(t, len(l.redeemed), crashes*codes)
		for _, token := range l.tokens {
			requireMe(t, p, token.AccessToken, http.StatusOK)
		}
		for _, token := range l.tokens[:20] {
			fresh, err := refresh(t.Context(), at(app, p), token)
			require.NoError(t, err)
			requireMe(t, p, fresh.AccessToken, http.StatusOK)
		}
		for _, c := range l.redeemed {
			_, err := at(app, p).Exchange(t.Context(), c.code)
			require.ErrorContains(t, err, "invalid_grant")
		}
		requireMe(t, p, l.redeemed[0].accessToken, http.StatusUnauthorized)
	})
}
