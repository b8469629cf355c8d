package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/test/testkit"
)

// keyIDs returns the ids of the keys on the page that have a tag.
func keyIDs(page *goquery.Document, tag string) (ids []string) {
	page.Find("main .row").Each(func(_ int, s *goquery.Selection) {
		if strings.TrimSpace(s.Find(".tag").Text()) == tag {
			ids = append(ids, s.Find("code").Text())
		}
	})
	return ids
}

// makeOlder makes the stored signing keys as old as if they had been created a day ago.
func makeOlder(t *testing.T, g *testkit.Gateway) {
	t.Helper()
	keys, err := g.Store.SigningKeys(t.Context())
	require.NoError(t, err)
	var older []gatehouse.SigningKey
	var ids []string
	for _, k := range keys {
		ids = append(ids, k.ID)
		k.CreateAt, k.SignFrom = k.CreateAt.Add(-24*time.Hour), k.SignFrom.Add(-24*time.Hour)
		older = append(older, k)
	}
	require.NoError(t, g.Store.ChangeSigningKeys(t.Context(), nil, nil, ids))
	require.NoError(t, g.Store.ChangeSigningKeys(t.Context(), older, nil, nil))
}

func TestConsoleShowsAndRotatesSigningKeys(t *testing.T) {
	testkit.Each(t, func(t *testing.T, g *testkit.Gateway) {
		root := g.SignedIn(t, g.Admin(t, "root"))
		require.Contains(t, root.Get(t, "/console/keys").Page(t).Find(".empty").Text(), "There are no keys yet.")
		require.Zero(t, root.Follow(t, root.Post(t, "/console/keys/rotate", nil)).Page(t).Find(".notice, .row").Length())

		require.Equal(t, http.StatusOK, root.Get(t, "/oauth/jwks").Status)
		makeOlder(t, g)
		var before *goquery.Document
		require.Eventually(t, func() bool {
			before = root.Get(t, "/console/keys").Page(t)
			return before.Find("main .row").Length() == 4
		}, time.Minute, 20*time.Millisecond)
		require.Len(t, keyIDs(before, "Signs"), 2)
		require.Contains(t, before.Find("main").Text(), "There are no keys of EdDSA, because no app has used EdDSA yet.")
		next := keyIDs(before, "Next")
		require.Len(t, next, 2)

		a := root.Follow(t, root.Post(t, "/console/keys/rotate", nil))
		require.Contains(t, a.Page(t).Find(".notice").Text(), "The next keys sign now.")
		require.Eventually(t, func() bool {
			page := root.Get(t, "/console/keys").Page(t)
			signs := keyIDs(page, "Signs")
			return strings.Join(signs, " ") == strings.Join(next, " ") && len(keyIDs(page, "Previous")) == 2
		}, time.Minute, 100*time.Millisecond)
		trail := entries(root.Get(t, "/console/audit").Page(t))
		for _, id := range next {
			require.Contains(t, trail, "Rotate a signing key: "+id)
		}
	})
}
