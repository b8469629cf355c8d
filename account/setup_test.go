package account_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

func setUpForm(token, username, password string) request {
	return request{method: "POST", path: "/setup", body: url.Values{
		"token": {token}, "username": {username}, "email": {username + "@example.com"}, "password": {password},
	}.Encode()}
}

// link returns the token of a new set-up link.
func (s *site) link() string {
	u, err := url.Parse(s.setUp.Link("https://id.example.com/sso/"))
	require.NoError(s.t, err)
	require.Equal(s.t, "https://id.example.com/sso/setup", u.Scheme+"://"+u.Host+u.Path)
	return u.Query().Get("token")
}

func TestSetUpLinkCreatesTheFirstSystemAdmin(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store)
		token := s.link()
		w := s.do(request{path: "/setup?token=" + token})
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, token, hidden(t, w.Body.String(), "token"))

		w = s.do(setUpForm(token, "Root", password))
		require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
		require.Equal(t, "/", w.Header().Get("Location"))
		admin, err := store.UserByLogin(t.Context(), "root")
		require.NoError(t, err)
		require.True(t, admin.IsSystemAdmin())
		require.True(t, admin.Active())
		session := cookiesOf(w.Result())[ownCookie].Value
		require.Contains(t, s.do(request{path: me, cookie: session}).Body.String(), admin.ID, "the new admin is signed in")

		for _, r := range []request{{path: "/setup?token=" + token}, {path: "/setup?token=" + s.link()}, setUpForm(token, "second", password)} {
			w = s.do(r)
			require.Equal(t, http.StatusNotFound, w.Code)
			require.Contains(t, w.Body.String(), "This gateway is already set up")
		}
		n, err := store.CountUsers(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
		require.ElementsMatch(t, []string{"setUpSystem success", "login success"}, s.events())
	})
}

func TestOnlyTheNewestSetUpLinkWorks(t *testing.T) {
	s := newSite(t, sqlite(t))
	require.Equal(t, http.StatusForbidden, s.do(request{path: "/setup?token="}).Code, "there is no link yet")
	old := s.link()
	token := s.link()
	for _, bad := range []string{"", old, gatehouse.NewSecret(), token + "x", strings.Repeat("x", 5000)} {
		require.Equal(t, http.StatusForbidden, s.do(request{path: "/setup?token=" + bad}).Code)
		require.Equal(t, http.StatusForbidden, s.do(setUpForm(bad, "root", password)).Code)
	}
	require.Zero(t, s.hashed.Load())
	require.Equal(t, http.StatusOK, s.do(request{path: "/setup?token=" + token}).Code)
}

func TestSetUpShowsFieldErrors(t *testing.T) {
	s := newSite(t, sqlite(t))
	token := s.link()
	w := s.do(setUpForm(token, "9 wrong", "short"))
	require.Equal(t, http.StatusBadRequest, w.Code)
	page := w.Body.String()
	for _, sentence := range []string{"must start with a letter", "such as ana@example.com", "at least 8 characters"} {
		require.Contains(t, page, sentence)
	}
	require.Equal(t, "9 wrong", hidden(t, page, "username"))
	require.Empty(t, hidden(t, page, "password"))
	require.Equal(t, http.StatusSeeOther, s.do(setUpForm(token, "root", password)).Code, "a mistake does not use up the link")
}

func TestRacingSetUpsCreateOneAdmin(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store)
		token := s.link()
		var made, refused atomic.Int64
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				switch w := s.do(setUpForm(token, "root"+string(rune('a'+i%26))+strings.Repeat("x", i/26), password)); w.Code {
				case http.StatusSeeOther:
					made.Add(1)
				case http.StatusNotFound, http.StatusForbidden:
					refused.Add(1)
				default:
					t.Errorf("status %d: %s", w.Code, w.Body)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, made.Load())
		require.EqualValues(t, 63, refused.Load())
		n, err := store.CountUsers(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
	})
}
