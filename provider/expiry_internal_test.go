package provider

import (
	"context"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

// oneGrant is a store with a single grant, whose user is active.
type oneGrant struct {
	Store
	grant gatehouse.Grant
}

func (s oneGrant) Grant(context.Context, string) (gatehouse.Grant, gatehouse.User, error) {
	return s.grant, gatehouse.User{ID: s.grant.UserID}, nil
}

func newHandler(t *testing.T, store Store) *Handler {
	t.Helper()
	tokens, err := NewTokens(store, []byte("a secret of this test that is long enough"))
	require.NoError(t, err)
	return New(Config{Tokens: tokens, Store: store})
}

// opened returns what openCode has opened. It never fails.
func opened(p *presented, _ error) *presented { return p }

// RFC 6749 §4.1.2: a code expires after ten minutes, to the millisecond.
func TestCodeExpiresAfterTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHandler(t, oneGrant{})
		start := time.Now()
		app := gatehouse.App{ID: gatehouse.NewID()}
		sealed, err := h.tokens.codes.Seal(code{GrantID: gatehouse.NewID(), AppID: app.ID, RedirectURI: "https://app.example.com/cb", IssuedAt: start.UnixMilli()})
		require.NoError(t, err)
		judge := func() *Refusal {
			return judgeCode(opened(h.openCode(t.Context(), presented{app: app, form: url.Values{"code": {sealed}}, now: time.Now()})))
		}
		time.Sleep(10 * time.Minute)
		require.Nil(t, judge())
		time.Sleep(time.Millisecond)
		require.Equal(t, "invalid_grant", judge().Code)
	})
}

// fosite finds the code that the endpoint has opened, and no other.
func TestFositeFindsOnlyThePresentedCode(t *testing.T) {
	h := newHandler(t, oneGrant{})
	app := gatehouse.App{ID: gatehouse.NewID()}
	sealed, err := h.tokens.codes.Seal(code{GrantID: gatehouse.NewID(), AppID: app.ID, IssuedAt: time.Now().UnixMilli(), Challenge: "c"})
	require.NoError(t, err)
	find := func(presentedCode, asked string) error {
		p := opened(h.openCode(t.Context(), presented{app: app, form: url.Values{"code": {presentedCode}}, now: time.Now()}))
		ctx := withCall(t.Context(), fositeCall{client: &client{app: app}, presented: p})
		_, codeErr := fositeStore{}.GetAuthorizeCodeSession(ctx, asked, nil)
		_, pkceErr := fositeStore{}.GetPKCERequestSession(ctx, asked, nil)
		require.Equal(t, codeErr, pkceErr)
		return codeErr
	}
	require.NoError(t, find(sealed, sealed))
	require.Error(t, find(sealed, sealed+"A"))
	require.Error(t, find(sealed+"A", sealed+"A"), "a code that does not open")
	require.Error(t, find("", ""))
	_, err = fositeStore{}.GetAuthorizeCodeSession(t.Context(), sealed, nil)
	require.Error(t, err, "without a call in the context")
}

// An access token ends at its own time or with its grant. A refresh token ends when
// the grant has not been used for its lifetime.
func TestTokensExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		grant := gatehouse.Grant{ID: gatehouse.NewID(), CreateAt: now, RotatedAt: now, ExpiresAt: now.Add(2 * time.Hour)}
		h := newHandler(t, oneGrant{grant: grant})
		seal := func(lifetime time.Duration) string {
			sealed, err := h.tokens.access.Seal(accessToken{GrantID: grant.ID, ExpiresAt: now.Add(lifetime).UnixMilli()})
			require.NoError(t, err)
			return sealed
		}
		short, long := seal(time.Hour), seal(3*time.Hour)
		valid := func(token string) bool {
			_, _, err := h.tokens.AuthenticateAccessToken(t.Context(), token)
			if err != nil {
				require.ErrorIs(t, err, gatehouse.ErrNotFound)
			}
			return err == nil
		}
		sealed, err := h.tokens.refresh.Seal(refreshToken{GrantID: grant.ID})
		require.NoError(t, err)
		refresh := func() *Refusal {
			p, err := h.openRefreshToken(t.Context(), presented{form: url.Values{"refresh_token": {sealed}}, now: time.Now()})
			require.NoError(t, err)
			return judgeRefreshToken(p)
		}
		time.Sleep(time.Hour - time.Millisecond)
		require.True(t, valid(short))
		time.Sleep(time.Millisecond)
		require.False(t, valid(short))
		require.True(t, valid(long))
		time.Sleep(time.Hour - time.Millisecond)
		require.True(t, valid(long))
		require.Nil(t, refresh())
		time.Sleep(time.Millisecond)
		require.False(t, valid(long), "its grant has ended")
		require.NotNil(t, refresh())
	})
}
