package doctor

import (
	"context"
	"net/http"
	"strings"
)

// checkUserinfo requests UserInfo without a token.
func (e *examination) checkUserinfo(ctx context.Context, endpoint string) {
	if endpoint == "" {
		return
	}
	a, failed := e.client.get(ctx, endpoint, acceptJSON())
	if failed != nil {
		e.fail(failed)
		return
	}
	challenge := a.header.Get("WWW-Authenticate")
	scheme, _, _ := strings.Cut(challenge, " ")
	switch {
	case a.status != http.StatusUnauthorized:
		e.Broken(userinfoChallenge, "UserInfo answers %d to a request without a token.", a.status)
	case !strings.EqualFold(scheme, "Bearer"):
		e.Broken(userinfoChallenge, "UserInfo answers 401 with WWW-Authenticate %s.", quote(challenge))
	default:
		e.Met(userinfoChallenge, "UserInfo answers 401 with WWW-Authenticate %s to a request without a token.", quote(challenge))
	}
}
