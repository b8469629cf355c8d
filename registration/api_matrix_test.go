package registration_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

// This calls every endpoint as every kind of caller (C 2.10).
func TestPermissionsOfTheAPI(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ada, bob := g.Admin(t, "ada"), g.User(t, "bob")
		admin, plain := as(t, g, ada), as(t, g, bob)
		adminsApp, bobsApp := actingFor(t, g, ada), actingFor(t, g, bob)

		type want struct {
			status int
			id     string
		}
		ok, created := want{status: 200}, want{status: 201}
		forbidden, signIn := want{403, forbids}, want{401, noSession}
		endpoints := []struct {
			name   string
			call   func(c *caller) testkit.Answer
			admin  want // also the creator with manage_oauth
			others want // a session with manage_oauth, for another user's app
			none   want // a session without manage_oauth
			token  want // an access token of any user
		}{
			{"E6 create", func(c *caller) testkit.Answer { return c.call("POST", apps, valid(nil)) }, created, created, forbidden, forbidden},
			{"E7 list", func(c *caller) testkit.Answer { return c.call("GET", apps, nil) }, ok, ok, want{403, noListHere}, forbidden},
			{"E8 get", func(c *caller) testkit.Answer { return c.call("GET", apps+"/"+c.target(), nil) }, ok, forbidden, forbidden, forbidden},
			{"E9 info", func(c *caller) testkit.Answer { return c.call("GET", apps+"/"+c.target()+"/info", nil) }, ok, ok, ok, ok},
			{"E10 update", func(c *caller) testkit.Answer {
				id := c.target()
				return c.call("PUT", apps+"/"+id, valid(object{"id": id}))
			}, ok, forbidden, forbidden, forbidden},
			{"E11 delete", func(c *caller) testkit.Answer { return c.call("DELETE", apps+"/"+c.target(), nil) }, ok, forbidden, forbidden, forbidden},
			{"E12 secret", func(c *caller) testkit.Answer {
				return c.call("POST", apps+"/"+c.target()+"/regen_secret", nil)
			}, ok, forbidden, forbidden, forbidden},
		}
		check := func(t *testing.T, name string, a testkit.Answer, w want) {
			t.Helper()
			if w.id == "" {
				require.Equal(t, w.status, a.Status, "%s: %s", name, a.Body)
				return
			}
			requireRefusal(t, a, w.status, w.id)
		}
		for _, allUsers := range []string{"false", "true"} {
			g.Set(t, gatehouse.SettingEnableUserAppRegistration, allUsers)
			for _, e := range endpoints {
				t.Run(e.name+" enable_user_app_registration="+allUsers, func(t *testing.T) {
					check(t, "an admin", e.call(admin), e.admin)
					session := e.none
					if allUsers == "true" {
						session = e.others
					}
					check(t, "an ordinary user", e.call(plain), session)
					check(t, "an admin's app", e.call(adminsApp), e.token)
					check(t, "an ordinary user's app", e.call(bobsApp), e.token)
					check(t, "a caller without a session", e.call(signedOut(t, g)), signIn)
					bad := signedOut(t, g)
					bad.bearer = gatehouse.NewSecret()
					check(t, "an unknown token", e.call(bad), signIn)
				})
			}
		}
	})
}

// target returns the id of a new app that the caller did not register.
func (c *caller) target() string { return c.g.App(c.t, nil).ID }

func TestMalformedIDsAreRefusedBeforePermissions(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin, bob := as(t, g, g.Admin(t, "ada")), as(t, g, g.User(t, "bob"))
		app := g.App(t, nil)
		for _, c := range []*caller{admin, bob, actingFor(t, g, bob.browser.User)} {
			for _, id := range []string{"x", "register", strings.Repeat("a", 25), strings.Repeat("a", 27), app.ID + app.ID} {
				for _, e := range [][2]string{{"GET", ""}, {"GET", "/info"}, {"PUT", ""}, {"DELETE", ""}, {"POST", "/regen_secret"}} {
					require.Contains(t, c.refused(400, badParam, e[0], apps+"/"+id+e[1], nil), "app_id", e)
				}
			}
		}
		signedOut(t, g).refused(401, noSession, "GET", apps+"/x", nil)
		admin.refused(404, notFound, "GET", apps+"/"+gatehouse.NewID(), nil)
		bob.refused(404, notFound, "GET", apps+"/"+gatehouse.NewID()+"/info", nil)

		// Paths are not normalized: a path in another spelling does not exist.
		for _, path := range []string{
			apps + "/" + app.ID + "/", apps + "/" + app.ID + "%2Finfo", apps + "//" + app.ID, apps + "/./" + app.ID, apps + "/x/../" + app.ID,
			apps + "/" + app.ID + "%00", apps + fmt.Sprintf("/%%%02x", app.ID[0]) + app.ID[1:], apps + "/" + app.ID + ";a=b", apps + "/a-b", apps + "/a_b", apps + "/" + app.ID + "/INFO",
			"/api/v4/oauth/Apps", "/API/v4/oauth/apps", appPages + "/" + app.ID + "/edit/", appPages + "/../oauth2-apps",
		} {
			require.Equal(t, 404, admin.call("GET", path, nil).Status, path)
		}
		require.Equal(t, 405, admin.call("PATCH", apps+"/"+app.ID, valid(nil)).Status)
		require.Equal(t, 405, admin.call("GET", apps+"/"+app.ID+"/regen_secret", nil).Status)
		stored(t, g, app.ID)
	})
}

func TestPermissionsAreCheckedBeforeTheProviderSetting(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin, bob := as(t, g, g.Admin(t, "ada")), as(t, g, g.User(t, "bob"))
		token := actingFor(t, g, bob.browser.User)
		app := g.App(t, nil)
		turnOff(t, g)
		for _, e := range []struct {
			method, path string
			body         any
			info         bool
		}{
			{"GET", apps + "/" + app.ID, nil, false},
			{"GET", apps + "/" + app.ID + "/info", nil, true},
			{"PUT", apps + "/" + app.ID, valid(object{"id": app.ID}), false},
			{"DELETE", apps + "/" + app.ID, nil, false},
			{"POST", apps + "/" + app.ID + "/regen_secret", nil, false},
			{"GET", apps + "/" + gatehouse.NewID(), nil, false},
		} {
			admin.refused(501, turnedOff, e.method, e.path, e.body)
			if e.info {
				bob.refused(501, turnedOff, e.method, e.path, e.body)
				token.refused(501, turnedOff, e.method, e.path, e.body)
			} else {
				bob.refused(403, forbids, e.method, e.path, e.body)
				token.refused(403, forbids, e.method, e.path, e.body)
			}
			signedOut(t, g).refused(401, noSession, e.method, e.path, e.body)
		}
		admin.refused(400, badParam, "GET", apps+"/x", nil)
		admin.refused(400, badBody, "PUT", apps+"/"+app.ID, "garbage")
		require.Equal(t, app.SecretHash, stored(t, g, app.ID).SecretHash)
	})
}

// A browser also sends cookies with requests from pages of other sites (C 1.1, "CSRF").
func TestCookieAloneDoesNotAuthorizeChanges(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin := as(t, g, g.Admin(t, "ada"))
		send := func(method, path, body string, header http.Header) testkit.Answer {
			r, err := http.NewRequest(method, g.URL+path, strings.NewReader(body))
			require.NoError(t, err)
			for name, values := range header {
				r.Header[name] = values
			}
			return admin.browser.Do(t, r)
		}
		requireRefusal(t, send("POST", apps, `{"name":"x","homepage":"https://x.example","callback_urls":["https://x.example/cb"]}`, nil), 401, noSession)
		require.Empty(t, admin.all())

		admin = as(t, g, admin.browser.User) // the refusal deleted the cookie
		app := g.App(t, nil)
		form := url.Values{"name": {"x"}, "description": {"x"}, "homepage": {"https://x.example"}, "callback_urls": {"https://x.example/cb"}}.Encode()
		for _, path := range []string{appPages + "/add", appPages + "/" + app.ID + "/edit", appPages + "/" + app.ID + "/delete", appPages + "/" + app.ID + "/regenerate"} {
			a := send("POST", path, form, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}})
			require.Equal(t, 403, a.Status, path)
		}
		require.Len(t, admin.all(), 1)
		require.Equal(t, app.SecretHash, stored(t, g, app.ID).SecretHash)
	})
}

func TestChangesAndRefusalsAreAudited(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		ada, bob := g.Admin(t, "ada"), g.User(t, "bob")
		admin, plain := as(t, g, ada), as(t, g, bob)
		app := admin.app(http.StatusCreated, "POST", apps, valid(nil))
		admin.app(http.StatusOK, "PUT", apps+"/"+app.ID, valid(object{"id": app.ID}))
		again := admin.app(http.StatusOK, "POST", apps+"/"+app.ID+"/regen_secret", nil)
		plain.call("PUT", apps+"/"+app.ID, valid(object{"id": app.ID}))
		plain.call("DELETE", apps+"/"+app.ID, nil)
		plain.call("POST", apps, valid(nil))
		admin.call("POST", apps, "garbage") // not audited
		admin.call("DELETE", apps+"/"+app.ID, nil)

		events, err := g.Store.AuditEvents(t.Context(), "", 100)
		require.NoError(t, err)
		var got []string
		for _, e := range events {
			got = append(got, strings.Join([]string{map[string]string{ada.ID: "ada", bob.ID: "bob"}[e.ActorID], e.Event, e.Outcome, map[bool]string{true: "app", false: "-"}[e.TargetID == app.ID]}, " "))
			require.NotContains(t, e.Detail, app.ClientSecret)
			require.NotContains(t, e.Detail, again.ClientSecret)
			require.NotEmpty(t, e.RequestID)
			require.NotEmpty(t, e.IP)
		}
		require.ElementsMatch(t, []string{
			"ada createOAuthApp success app", "ada updateOAuthApp success app", "ada regenerateOAuthAppSecret success app", "ada deleteOAuthApp success app",
			"bob updateOAuthApp fail app", "bob deleteOAuthApp fail app", "bob createOAuthApp fail -",
		}, got)
	})
}
