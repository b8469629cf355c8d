package account_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/account"
)

func TestSessionSlidesWhileItIsUsed(t *testing.T) {
	store := sqlite(t) // outside the bubble: a goroutine of GORM never ends
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, store)
		ana := s.user("ana")
		token := s.signIn("ana")
		session := func() gatehouse.Session {
			sessions, err := s.store.UserSessions(t.Context(), ana.ID)
			require.NoError(t, err)
			require.Len(t, sessions, 1)
			return sessions[0]
		}
		begin := session()

		time.Sleep(gatehouse.SessionTouchInterval - time.Second)
		require.Equal(t, http.StatusOK, s.do(request{path: me, cookie: token}).Code)
		require.Equal(t, begin, session(), "most requests write nothing")

		time.Sleep(time.Second)
		w := s.do(request{path: me, cookie: token})
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, begin.ExpiresAt.Add(gatehouse.SessionTouchInterval), session().ExpiresAt)
		require.Equal(t, begin.CreateAt, session().CreateAt)
		require.Equal(t, token, cookiesOf(w.Result())["MMAUTHTOKEN"].Value, "the cookie is renewed with the session")

		for range 3 {
			time.Sleep(gatehouse.SessionLifetime - time.Second)
			w := s.do(request{path: me, header: bearer(token)})
			require.Equal(t, http.StatusOK, w.Code)
			require.Empty(t, w.Result().Cookies(), "a request without a cookie gets none")
		}
		time.Sleep(gatehouse.SessionLifetime)
		w = s.do(request{path: me, cookie: token})
		require.Equal(t, http.StatusUnauthorized, w.Code)
		require.Negative(t, cookiesOf(w.Result())["MMAUTHTOKEN"].MaxAge)
	})
}

func TestEndOtherSessionsKeepsThisOne(t *testing.T) {
	s := newSite(t, sqlite(t))
	s.user("ana")
	s.user("ben")
	here, there, other := s.signIn("ana"), s.signIn("ana"), s.signIn("ben")
	r := httptestRequest(t, here)
	caller, err := s.auth.Caller(r)
	require.NoError(t, err)
	require.Equal(t, here, caller.SessionToken)

	n, err := s.service.EndOtherSessions(t.Context(), caller, account.Device{})
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	for token, status := range map[string]int{here: 200, there: 401, other: 200} {
		require.Equal(t, status, s.do(request{path: me, header: bearer(token)}).Code)
	}
	require.Contains(t, s.events(), "revokeSessions success")
}

func TestUserAgentIsStoredAsValidText(t *testing.T) {
	s := newSite(t, sqlite(t))
	ana := s.user("ana")
	r := login("ana", password)
	r.header = http.Header{"User-Agent": {"Mozilla\xff\xfe/5.0 ü" + string(make([]byte, 500))}}
	require.Equal(t, http.StatusOK, s.do(r).Code)
	sessions, err := s.store.UserSessions(t.Context(), ana.ID)
	require.NoError(t, err)
	require.Equal(t, "Mozilla/5.0 ü", sessions[0].UserAgent)
}
