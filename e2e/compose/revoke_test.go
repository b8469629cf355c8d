package compose_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A revocation on one node applies to every node as soon as the response is sent. The
// test does not wait.
func TestRevocationAppliesToAllNodesImmediately(t *testing.T) {
	for _, c := range []struct {
		name, user string
		keepsCode  bool // a code of another authorization still works
		end        func(t *testing.T, a app, got tokens)
	}{
		{"the user revokes the app", "revokes", false, func(t *testing.T, a app, _ tokens) {
			session := apiSession(t, direct(t, 2), "revokes")
			ended := sendAPI(t, direct(t, 2), session, http.MethodPost, "/oauth/deauthorize", `{"client_id":"`+a.ID+`"}`)
			require.Equal(t, http.StatusOK, ended.StatusCode, ended.body)
		}},
		{"the app is deleted", "outlives", false, func(t *testing.T, a app, _ tokens) {
			gatehouse(t, "app", "delete", a.ID)
		}},
		{"the user is deactivated", "deactivated", false, func(t *testing.T, _ app, _ tokens) {
			gatehouse(t, "user", "deactivate", "deactivated")
		}},
		{"the app revokes its token (RFC 7009)", "remains", true, func(t *testing.T, a app, got tokens) {
			form := url.Values{"client_id": {a.ID}, "client_secret": {a.Secret}, "token": {got.Refresh}}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site()+"/oauth/revoke", strings.NewReader(form.Encode()))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			ended, err := (&browser{}).do(direct(t, 1), r)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, ended.StatusCode, ended.body)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			newUser(t, c.user)
			a, b := newApp(t), newBrowser(t)
			b.signIn(t, direct(t, 0), c.user, password)
			got := a.mustRedeem(t, direct(t, 1), b.mustCode(t, direct(t, 0), a))
			requireMe(t, http.StatusOK, got.Access)
			waiting := b.mustCode(t, direct(t, 2), a)

			c.end(t, a, got)
			requireMe(t, http.StatusUnauthorized, got.Access)
			for _, via := range directs(t) {
				a.requireUnusable(t, via, got.Refresh)
			}
			if c.keepsCode {
				a.mustRedeem(t, direct(t, 0), waiting)
				return
			}
			for _, via := range directs(t) {
				late, err := a.redeem(t.Context(), via, waiting)
				require.NoError(t, err)
				require.Contains(t, []string{"invalid_grant", "invalid_client"}, late.Error)
			}
		})
	}
}

func TestSignOutAppliesToAllNodes(t *testing.T) {
	newUser(t, "leaves")
	session := apiSession(t, direct(t, 0), "leaves")
	requireMe(t, http.StatusOK, session)
	out := sendAPI(t, direct(t, 1), session, http.MethodPost, "/api/v4/users/logout", "")
	require.Equal(t, http.StatusOK, out.StatusCode, out.body)
	requireMe(t, http.StatusUnauthorized, session)
}

// apiSession signs in with the API and returns the session token.
func apiSession(t *testing.T, via route, name string) string {
	t.Helper()
	in := sendAPI(t, via, "", http.MethodPost, "/api/v4/users/login", `{"login_id":"`+name+`","password":"`+password+`"}`)
	require.Equal(t, http.StatusOK, in.StatusCode, in.body)
	return in.Header.Get("Token")
}

func sendAPI(t *testing.T, via route, session, method, path, body string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, site()+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	if session != "" {
		r.Header.Set("Authorization", "Bearer "+session)
	}
	a, err := (&browser{}).do(via, r)
	require.NoError(t, err)
	return a
}
