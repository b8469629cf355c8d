package registration_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

// The setting is the choice of a creator who makes none. It changes neither an explicit
// choice nor apps that exist, and self-registered apps keep the default of OpenID Connect
// Registration §2.
func TestDefaultIDTokenAlgorithmIsThatOfNewApps(t *testing.T) {
	open(t, func(t *testing.T, g *testkit.Gateway) {
		existing := g.App(t, nil)
		admin := g.SignedIn(t, g.Admin(t, "root"))
		algorithm := func(id string) string {
			app, err := g.Store.App(t.Context(), id)
			require.NoError(t, err)
			return app.OpenID.SigningAlgorithm()
		}
		byAPI := func(more string) string {
			r, err := http.NewRequest(http.MethodPost, g.URL+"/api/v4/oauth/apps", strings.NewReader(`{"name":"RP","callback_urls":["https://rp.example.com/cb"],"homepage":"https://rp.example.com"`+more+`}`))
			require.NoError(t, err)
			r.Header.Set("X-Requested-With", "XMLHttpRequest")
			answer := admin.Do(t, r)
			var app struct{ ID string }
			require.NoError(t, json.Unmarshal([]byte(answer.Body), &app), answer.Body)
			return algorithm(app.ID)
		}
		const add = "/integrations/oauth2-apps/add"
		preselected := func() string {
			return admin.Get(t, add).Page(t).Find("[name=id_token_signed_response_alg][checked]").AttrOr("value", "")
		}
		byForm := func(chosen ...string) string {
			form := url.Values{"name": {"RP"}, "description": {"An app"}, "homepage": {"https://rp.example.com"}, "callback_urls": {"https://rp.example.com/cb"}, "is_trusted": {"false"}, "is_public": {"false"}}
			if len(chosen) > 0 {
				form["id_token_signed_response_alg"] = chosen
			}
			answer := admin.Submit(t, add, form)
			require.Equal(t, http.StatusSeeOther, answer.Status, answer.Body)
			id := regexp.MustCompile(`/([a-z0-9]{26})\b`).FindStringSubmatch(answer.Location)
			require.NotNil(t, id, answer.Location)
			return algorithm(id[1])
		}
		require.Equal(t, gatehouse.AlgorithmRS256, byAPI(""))
		require.Equal(t, gatehouse.AlgorithmRS256, preselected())

		g.Set(t, gatehouse.SettingDefaultIDTokenAlgorithm, gatehouse.AlgorithmES256)
		require.Equal(t, gatehouse.AlgorithmES256, byAPI(""))
		require.Equal(t, gatehouse.AlgorithmRS256, byAPI(`,"id_token_signed_response_alg":"RS256"`))
		require.Equal(t, gatehouse.AlgorithmEdDSA, byAPI(`,"id_token_signed_response_alg":"EdDSA"`))
		require.Equal(t, gatehouse.AlgorithmES256, preselected())
		require.Equal(t, gatehouse.AlgorithmES256, byForm())
		require.Equal(t, gatehouse.AlgorithmRS256, byForm("RS256"))
		require.Equal(t, gatehouse.AlgorithmRS256, algorithm(register(t, g, with(`"client_name":"x"`)).ClientID))
		require.Equal(t, gatehouse.AlgorithmRS256, algorithm(existing.ID))
	})
}
