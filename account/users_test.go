package account_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

func httptestRequest(t *testing.T, cookie string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: "MMAUTHTOKEN", Value: cookie})
	return r
}

func TestUsernameAndEmailAreUnique(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store)
		s.user("ana")
		var field *gatehouse.FieldError
		_, err := s.users.CreateUser(t.Context(), gatehouse.Caller{}, gatehouse.User{Username: "ANA", Email: "other@example.com"}, password)
		require.ErrorIs(t, err, gatehouse.ErrUsernameTaken)
		require.ErrorAs(t, err, &field)
		require.Equal(t, "username", field.Field)
		_, err = s.users.CreateUser(t.Context(), gatehouse.Caller{}, gatehouse.User{Username: "ben", Email: "ANA@example.com"}, password)
		require.ErrorIs(t, err, gatehouse.ErrEmailTaken)
		require.ErrorAs(t, err, &field)
		require.Equal(t, "email", field.Field)
	})
}

func TestCreateUserIgnoresTheGivenIDAndHash(t *testing.T) {
	s := newSite(t, sqlite(t))
	u, err := s.users.CreateUser(t.Context(), gatehouse.Caller{}, gatehouse.User{ID: "mine", PasswordHash: "mine", Username: "ana", Email: "ana@example.com"}, password)
	require.NoError(t, err)
	require.True(t, gatehouse.ValidID(u.ID))
	require.NotEqual(t, "mine", u.PasswordHash)
	require.Equal(t, []string{gatehouse.RoleSystemUser}, u.Roles)
	require.Equal(t, "en", u.Locale)
	require.True(t, u.Active())
}

func TestSetPasswordEndsOtherSessions(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, store *storage.Store) {
		s := newSite(t, store)
		ana := s.user("ana")
		here, there := s.signIn("ana"), s.signIn("ana")
		caller, err := s.auth.Caller(httptestRequest(t, here))
		require.NoError(t, err)

		var field *gatehouse.FieldError
		require.ErrorAs(t, s.users.SetPassword(t.Context(), caller, ana.ID, "short"), &field)
		require.NoError(t, s.users.SetPassword(t.Context(), caller, ana.ID, "another password"))
		require.Equal(t, 200, s.do(request{path: me, header: bearer(here)}).Code)
		require.Equal(t, 401, s.do(request{path: me, header: bearer(there)}).Code)
		require.Equal(t, 401, s.do(login("ana", password)).Code)
		require.Equal(t, 200, s.do(login("ana", "another password")).Code)

		require.NoError(t, s.users.SetPassword(t.Context(), gatehouse.Caller{}, ana.ID, password))
		require.Equal(t, 401, s.do(request{path: me, header: bearer(here)}).Code, "another caller changed it: no session is kept")
		require.ErrorIs(t, s.users.SetPassword(t.Context(), gatehouse.Caller{}, gatehouse.NewID(), password), gatehouse.ErrNotFound)
		require.Contains(t, s.events(), "updatePassword success")
	})
}

func TestSetSystemAdmin(t *testing.T) {
	s := newSite(t, sqlite(t))
	ana := s.user("ana")
	for range 2 { // The second call changes nothing.
		require.NoError(t, s.users.SetSystemAdmin(t.Context(), gatehouse.Caller{}, ana.ID, true))
		u, err := s.store.User(t.Context(), ana.ID)
		require.NoError(t, err)
		require.Equal(t, []string{"system_user", "system_admin"}, u.Roles)
	}
	require.ErrorIs(t, s.users.SetSystemAdmin(t.Context(), gatehouse.Caller{}, ana.ID, false), gatehouse.ErrLastSystemAdmin)
	require.ErrorIs(t, s.users.SetActive(t.Context(), gatehouse.Caller{}, ana.ID, false), gatehouse.ErrLastSystemAdmin)
	s.user("ben", gatehouse.RoleSystemAdmin)
	require.NoError(t, s.users.SetSystemAdmin(t.Context(), gatehouse.Caller{}, ana.ID, false))
	u, err := s.store.User(t.Context(), ana.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"system_user"}, u.Roles)
	require.ErrorIs(t, s.users.SetSystemAdmin(t.Context(), gatehouse.Caller{}, gatehouse.NewID(), true), gatehouse.ErrNotFound)
	require.ErrorIs(t, s.users.SetActive(t.Context(), gatehouse.Caller{}, gatehouse.NewID(), false), gatehouse.ErrNotFound)
}

func TestCreateFirstUserWorksOnce(t *testing.T) {
	s := newSite(t, sqlite(t))
	root := gatehouse.User{Username: "root", Email: "root@example.com"}
	_, err := s.users.CreateFirstUser(t.Context(), root, password)
	require.NoError(t, err)
	_, err = s.users.CreateFirstUser(t.Context(), gatehouse.User{Username: "second", Email: "second@example.com"}, password)
	require.ErrorIs(t, err, gatehouse.ErrConflict)
}
