package testkit

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/account"
)

// Password is the password of the users of UserWithPassword.
const Password = "correct horse battery"

// UserWithPassword creates a user with the role system_user and the given roles, who
// signs in with Password.
func (g *Gateway) UserWithPassword(t *testing.T, username string, roles ...string) gatehouse.User {
	t.Helper()
	users := account.NewUsers(account.UsersConfig{
		Store: g.Store, Hasher: account.NewHasher(account.HasherConfig{MemoryKiB: 8, Passes: 1}), Log: slog.New(slog.DiscardHandler),
	})
	user := gatehouse.User{Username: username, Email: username + "@example.com", Roles: append([]string{gatehouse.RoleSystemUser}, roles...)}
	user, err := users.CreateUser(context.Background(), gatehouse.Caller{}, user, Password)
	require.NoError(t, err)
	return user
}

// Get requests a page. The path begins at the base path of the site.
func (b *Browser) Get(t *testing.T, path string) Answer {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.g.URL+path, nil)
	require.NoError(t, err)
	return b.Do(t, r)
}

// Post sends a form as a page of the site does. If the answer redirects to the page that
// shows the form again, or its result, Post returns this page.
func (b *Browser) Post(t *testing.T, path string, form url.Values) Answer {
	t.Helper()
	return b.showForm(t, b.Submit(t, path, form))
}

func (b *Browser) showForm(t *testing.T, a Answer) Answer {
	t.Helper()
	if a.Status != http.StatusSeeOther || !strings.Contains(a.Location, "kept_form=") {
		return a
	}
	site, err := url.Parse(b.g.URL)
	require.NoError(t, err)
	return b.Get(t, strings.TrimPrefix(a.Location, site.Path))
}

// Submit is Post without following a redirect.
func (b *Browser) Submit(t *testing.T, path string, form url.Values) Answer {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, b.g.URL+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.Do(t, r)
}

// Follow requests the page to which an answer redirects.
func (b *Browser) Follow(t *testing.T, a Answer) Answer {
	t.Helper()
	require.Equal(t, http.StatusSeeOther, a.Status, a.Body)
	require.True(t, strings.HasPrefix(a.Location, "/"), a.Location)
	return b.Get(t, a.Location)
}
