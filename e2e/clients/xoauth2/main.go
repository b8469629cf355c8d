// Command xoauth2 signs in with golang.org/x/oauth2: with the secret in the header,
// in the body, and with AuthStyleAutoDetect.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

func main() {
	if err := run(context.Background(), os.Getenv); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, getenv func(string) string) error {
	styles := map[string]oauth2.AuthStyle{"header": oauth2.AuthStyleInHeader, "body": oauth2.AuthStyleInParams, "detect": oauth2.AuthStyleAutoDetect}
	for name, style := range styles {
		for _, public := range []bool{false, true} {
			if err := signIn(ctx, style, public, getenv); err != nil {
				return fmt.Errorf("auth style %s, public %t: %w", name, public, err)
			}
		}
	}
	return nil
}

func signIn(ctx context.Context, style oauth2.AuthStyle, public bool, getenv func(string) string) error {
	gateway := getenv("GATEWAY")
	clientID, clientSecret := getenv("CLIENT_ID"), getenv("CLIENT_SECRET")
	if public {
		clientID, clientSecret = getenv("PUBLIC_CLIENT_ID"), ""
	}
	config := oauth2.Config{
		ClientID:     clientID,
		ClientSecret: clientSecret, // "" for a public app
		Endpoint: oauth2.Endpoint{
			AuthURL:   gateway + "/oauth/authorize",
			TokenURL:  gateway + "/oauth/access_token",
			AuthStyle: style,
		},
		RedirectURL: getenv("REDIRECT_URI"),
		Scopes:      []string{"user"},
	}
	verifier := oauth2.GenerateVerifier()
	authorizationURL := config.AuthCodeURL("xyz", oauth2.S256ChallengeOption(verifier))
	callback, err := visit(ctx, getenv("USER_AGENT"), authorizationURL)
	if err != nil {
		return err
	}
	token, err := config.Exchange(ctx, callback.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		return err
	}
	if public != (token.RefreshToken == "") {
		return fmt.Errorf("the refresh token is %q", token.RefreshToken)
	}
	if err := expectUser(config.Client(ctx, token), gateway, getenv("TEST_USERNAME")); err != nil || public {
		return err
	}

	old := token.AccessToken
	token.Expiry = time.Now().Add(-time.Minute)
	fresh, err := config.TokenSource(ctx, token).Token()
	if err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	if fresh.AccessToken == old {
		return errors.New("the refresh returned the old access token")
	}
	if err := expectUser(config.Client(ctx, fresh), gateway, getenv("TEST_USERNAME")); err != nil {
		return err
	}

	var refused *oauth2.RetrieveError
	_, err = config.TokenSource(ctx, &oauth2.Token{RefreshToken: "made-up"}).Token()
	if !errors.As(err, &refused) || refused.ErrorCode != "invalid_grant" {
		return fmt.Errorf("refresh with an invalid token: %w", err)
	}
	return nil
}

// expectUser requires that the access token of the client belongs to the user.
func expectUser(client *http.Client, gateway, username string) error {
	res, err := client.Get(gateway + "/api/v4/users/me")
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // The body was only read.
	var me struct{ Username string }
	if err := json.NewDecoder(res.Body).Decode(&me); err != nil {
		return err
	}
	if me.Username != username {
		return fmt.Errorf("%s: signed in as %q", res.Status, me.Username)
	}
	return nil
}

// visit lets the user's browser open the authorization URL, and returns the query of
// the redirect to the client.
func visit(ctx context.Context, userAgent, authorizationURL string) (url.Values, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, userAgent, strings.NewReader(authorizationURL))
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // The body was only read.
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the user agent failed: %s", body)
	}
	callback, err := url.Parse(string(body))
	if err != nil {
		return nil, err
	}
	return callback.Query(), nil
}
