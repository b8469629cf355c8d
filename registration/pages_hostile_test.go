package registration_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"gatehouse/test/testkit"
)

const (
	script  = `"><script id=evil>alert(1)</script><img id=evil src=x onerror=alert(1)>`
	hostile = script + `'{{.}}</textarea></code></title>`
)

// Every field of an app is shown as text on every page.
func TestHTMLAndScriptInEveryFieldStayText(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		letUsersRegister(t, g)
		admin, eve := as(t, g, g.Admin(t, "ada")), as(t, g, g.User(t, "eve"))
		icon := "https://x.example/" + script
		callback := `https://x.example/cb?"><script>alert(1)</script>'$(id)`
		hostileName := "<script>alert(1)</script>\u202e\"'>{{.}}"

		fields := object{"name": hostileName, "description": hostile, "icon_url": icon, "homepage": icon, "callback_urls": []string{callback}}
		byAPI := eve.app(http.StatusCreated, "POST", apps, valid(fields))
		require.Equal(t, hostileName, byAPI.Name, "the name is stored unchanged")
		require.Equal(t, []string{callback}, byAPI.CallbackURLs)
		raw := eve.call("GET", apps+"/"+byAPI.ID, nil)
		require.Equal(t, "application/json", raw.Header.Get("Content-Type"))
		require.Equal(t, "nosniff", raw.Header.Get("X-Content-Type-Options"))
		require.NotContains(t, raw.Body, "<script", "also safe for a browser that reads JSON as HTML")

		created := eve.post(appPages+"/add", typed("name="+hostileName, "description="+hostile, "icon_url="+icon, "homepage="+icon, "callback_urls="+callback))
		require.Equal(t, http.StatusOK, created.Status, created.Body)
		byPage := created.Page(t).Find("#client-id").Text()
		require.Contains(t, created.Page(t).Find("details.snippet").Text(), `'\''$(id)`, "no shell runs the command")

		answers := []testkit.Answer{created, admin.get(appPages), admin.get(appPages + "?search=" + "%3Cscript%3E"), eve.get(appPages + "?search=" + strings.ReplaceAll(script, " ", "+")),
			eve.post(appPages+"/add", typed("name="+hostileName, "homepage="+hostile, "icon_url="+hostile, "callback_urls="+hostile)),
			eve.get("/oauth/authorize?response_type=code&client_id=" + byAPI.ID)}
		for _, id := range []string{byAPI.ID, byPage} {
			for _, path := range pagesOf(id)[2:] {
				answers = append(answers, admin.get(path))
			}
			answers = append(answers, eve.post(appPages+"/"+id+"/edit", typed("name="+hostileName, "callback_urls="+callback+"\nhttps://x.example/2")))
			answers = append(answers, eve.post(appPages+"/"+id+"/edit", typed("name=", "description="+hostile, "callback_urls="+hostile)))
		}
		for _, a := range answers {
			page := a.Page(t)
			require.Zero(t, page.Find("#evil,[onerror],script:not([src])").Length(), a.Body)
			require.NotContains(t, a.Body, "<script>")
			page.Find("a[href],img[src],form[action]").Each(func(_ int, s *goquery.Selection) {
				require.NotContains(t, strings.ToLower(s.AttrOr("href", s.AttrOr("src", s.AttrOr("action", "")))), "javascript:")
			})
			require.Contains(t, a.Header.Get("Content-Security-Policy"), "default-src 'none'")
			require.NotContains(t, a.Header.Get("Content-Security-Policy"), "unsafe")
		}
	})
}

// URLs that run a script are refused in every field of the API and of the forms.
func TestScriptURLsAreRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		admin := as(t, g, g.Admin(t, "ada"))
		app := admin.app(http.StatusCreated, "POST", apps, valid(nil))
		before := stored(t, g, app.ID)
		for _, uri := range []string{"javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", " javascript:alert(1)", "java\tscript:alert(1)", "//evil.example/", "https:/\\evil.example", "https://x.example\r\nLocation: x"} {
			for field, value := range map[string]any{"homepage": uri, "icon_url": uri, "callback_urls": []string{uri}} {
				for _, public := range []bool{true, false} {
					require.Equal(t, 400, admin.call("POST", apps, valid(object{field: value, "is_public": public})).Status, "%s %q", field, uri)
				}
				require.Equal(t, 400, admin.call("PUT", apps+"/"+app.ID, valid(object{"id": app.ID, field: value})).Status, "%s %q", field, uri)
				if strings.ContainsAny(uri, "\r\n") {
					continue // the form would split it into two lines
				}
				require.Equal(t, 400, admin.post(appPages+"/add", typed(field+"="+uri, "is_public=true")).Status, "%s %q", field, uri)
				require.Equal(t, 400, admin.post(appPages+"/"+app.ID+"/edit", typed(field+"="+uri)).Status, "%s %q", field, uri)
			}
		}
		require.Equal(t, before, stored(t, g, app.ID))
		require.Len(t, admin.all(), 1)
	})
}
