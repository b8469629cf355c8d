package provider

import (
	"context"
	"log/slog"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ory/fosite"
	"github.com/stretchr/testify/require"

	"gatehouse"
)

// oneGrant is a store with a single grant, whose person is active.
type oneGrant struct{ grant gatehouse.Grant }

func (s oneGrant) Grant(context.Context, string) (gatehouse.Grant, gatehouse.User, error) {
	return s.grant, gatehouse.User{ID: s.grant.UserID}, nil
}

func newTokens(t *testing.T, grants LiveGrants) *Tokens {
	t.Helper()
	tokens, err := NewTokens(grants, []byte("a secret of this test that is long enough"))
	require.NoError(t, err)
	return tokens
}

// RFC 6749 §4.1.2: ten minutes, to the millisecond, wherever it is looked at.
func TestACodeLivesTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := newTokens(t, oneGrant{})
		start := time.Now()
		app := gatehouse.App{ID: gatehouse.NewID()}
		sealed, err := tokens.codes.Seal(code{GrantID: gatehouse.NewID(), AppID: app.ID, RedirectURI: "https://app.example.com/cb", IssuedAt: start.UnixMilli()})
		require.NoError(t, err)
		redeem := func() (*exchange, error) {
			r := fosite.NewAccessRequest(&session{})
			r.Form = url.Values{"code": {sealed}}
			x := &exchange{client: &client{app: app}, now: time.Now()}
			return x, (&rules{store: &fositeStore{tokens: tokens}}).judgeCode(x, r)
		}
		check := func(x *exchange, sealed string) error {
			return (&strategy{tokens: tokens}).ValidateAuthorizeCode(withExchange(t.Context(), x), nil, sealed)
		}
		time.Sleep(10 * time.Minute)
		x, err := redeem()
		require.NoError(t, err)
		require.NoError(t, check(x, sealed))
		require.ErrorIs(t, check(x, sealed+"A"), fosite.ErrNotFound, "only the code that was judged is known")
		time.Sleep(time.Millisecond)
		require.NoError(t, check(x, sealed), "one reading of the clock decides a request")
		x, err = redeem()
		var refusal *Refusal
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, "invalid_grant", refusal.Code)
		require.ErrorIs(t, check(x, sealed), fosite.ErrNotFound)
	})
}

// An access token ends at its own time, and with its grant; a refresh token when
// the grant has not been used for so long.
func TestTokensEndWithTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		grant := gatehouse.Grant{ID: gatehouse.NewID(), CreateAt: now, RotatedAt: now, ExpiresAt: now.Add(2 * time.Hour)}
		tokens := newTokens(t, oneGrant{grant})
		seal := func(lifetime time.Duration) string {
			sealed, err := tokens.access.Seal(accessToken{GrantID: grant.ID, ExpiresAt: now.Add(lifetime).UnixMilli()})
			require.NoError(t, err)
			return sealed
		}
		short, long := seal(time.Hour), seal(3*time.Hour)
		live := func(token string) bool {
			_, _, err := tokens.AuthenticateAccessToken(t.Context(), token)
			if err != nil {
				require.ErrorIs(t, err, gatehouse.ErrNotFound)
			}
			return err == nil
		}
		refreshes := func() error {
			store := &fositeStore{tokens: tokens, log: slog.New(slog.DiscardHandler)}
			_, err := store.judgeRefresh(t.Context(), grant, gatehouse.User{}, 0, time.Now())
			return err
		}
		time.Sleep(time.Hour - time.Millisecond)
		require.True(t, live(short))
		time.Sleep(time.Millisecond)
		require.False(t, live(short))
		require.True(t, live(long))
		time.Sleep(time.Hour - time.Millisecond)
		require.True(t, live(long))
		require.NoError(t, refreshes())
		time.Sleep(time.Millisecond)
		require.False(t, live(long), "its grant has ended")
		require.Error(t, refreshes())
	})
}
