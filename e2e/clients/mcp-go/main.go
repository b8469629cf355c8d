// Command mcp-go connects to an MCP server with the official MCP Go SDK: the
// client knows only the server's address, and the server trusts the gateway's
// tokens.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
)

const redirectURL = "http://127.0.0.1:33419/callback" // where this program would listen

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	server := startServer(os.Getenv("GATEWAY"))
	defer server.Close()
	metadata, err := auth.GetAuthServerMetadata(ctx, os.Getenv("GATEWAY"), http.DefaultClient)
	if err != nil {
		return err
	}
	registering := func(method string) *auth.AuthorizationCodeHandlerConfig {
		return &auth.AuthorizationCodeHandlerConfig{
			RedirectURL:              redirectURL,
			AuthorizationCodeFetcher: visit,
			DynamicClientRegistrationConfig: &auth.DynamicClientRegistrationConfig{
				Metadata: &oauthex.ClientRegistrationMetadata{
					ClientName:              "MCP Go SDK",
					RedirectURIs:            []string{redirectURL},
					TokenEndpointAuthMethod: method,
				},
			},
		}
	}
	registered := &auth.AuthorizationCodeHandlerConfig{
		RedirectURL:              redirectURL,
		AuthorizationCodeFetcher: visit,
		PreregisteredClient:      &oauthex.ClientCredentials{ClientID: os.Getenv("PUBLIC_CLIENT_ID")},
	}
	if err := expectTool(ctx, server.url, registered); err != nil {
		return fmt.Errorf("with a client id from the console: %w", err)
	}

	if os.Getenv("REGISTRATION") == "off" {
		if metadata.RegistrationEndpoint != "" {
			return errors.New("the metadata name a registration endpoint that is off")
		}
		if err := expectTool(ctx, server.url, registering("none")); err == nil || !strings.Contains(err.Error(), "no configured client registration methods are supported") {
			return fmt.Errorf("registering while it is off: %w", err)
		}
		return nil
	}
	for _, method := range []string{"none", "client_secret_post", "client_secret_basic", ""} {
		if err := expectTool(ctx, server.url, registering(method)); err != nil {
			return fmt.Errorf("registering for %q: %w", method, err)
		}
	}
	return nil
}

// expectTool connects to the server and asks it who we are.
func expectTool(ctx context.Context, endpoint string, config *auth.AuthorizationCodeHandlerConfig) error {
	handler, err := auth.NewAuthorizationCodeHandler(config)
	if err != nil {
		return err
	}
	transport := &mcp.StreamableClientTransport{Endpoint: endpoint, OAuthHandler: handler}
	session, err := mcp.NewClient(&mcp.Implementation{Name: "example", Version: "1.0.0"}, nil).Connect(ctx, transport, nil)
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }() // The server goes away anyway.
	result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: "whoami"})
	if err != nil {
		return err
	}
	if text, ok := result.Content[0].(*mcp.TextContent); !ok || text.Text != os.Getenv("PERSON_USERNAME") {
		return fmt.Errorf("the server takes us for %+v", result.Content[0])
	}
	return nil
}

// visit is the person with a browser.
func visit(ctx context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, os.Getenv("USER_AGENT"), strings.NewReader(args.URL))
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // It was only read.
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	callback, err := url.Parse(string(body))
	if err != nil || res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the user agent got stuck: %s", body)
	}
	q := callback.Query()
	return &auth.AuthorizationResult{Code: q.Get("code"), State: q.Get("state"), Iss: q.Get("iss")}, nil
}
