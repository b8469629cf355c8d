package account

import (
	"net/http"
	"strings"
)

// tokenPlace is where a token was found.
type tokenPlace int

const (
	fromNowhere tokenPlace = iota
	fromCookie
	fromHeader
	fromQuery
)

type foundToken struct {
	value string
	from  tokenPlace
}

// findToken looks in the order of C 1.1; the first hit wins, even if it turns out
// to be worth nothing. The contract's cut to 50 characters is left out: sealed
// access tokens are longer.
func findToken(r *http.Request) foundToken {
	if c, err := r.Cookie(cookieSession); err == nil && c.Value != "" {
		return foundToken{c.Value, fromCookie}
	}
	// The scheme in any case, one separator, and the rest as it is.
	header := r.Header.Get("Authorization")
	for _, scheme := range []string{"bearer", "token"} {
		if n := len(scheme); len(header) > n && strings.EqualFold(header[:n], scheme) {
			return foundToken{header[n+1:], fromHeader}
		}
	}
	if token := r.URL.Query().Get("access_token"); token != "" {
		return foundToken{token, fromQuery}
	}
	return foundToken{}
}
