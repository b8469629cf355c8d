// Command mcp-go connects to an MCP server with the official MCP Go SDK. The client
// knows only the address of the server, and the server accepts tokens of the
// gateway.
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

const redirectURL = "http://127.0.0.1:33419/callback" // a real client listens here

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
			return errors.New("the metadata names a registration endpoint, but registration is off")
		}
		if err := expectTool(ctx, server.url, registering("none")); err == nil || !strings.Contains(err.Error(), "no configured client registration methods are supported") {
			return fmt.Errorf("register although registration is off: %w", err)
		}
		return nil
	}
	for _, method := range []string{"none", "client_secret_post", "client_secret_basic", ""} {
		if err := expectTool(ctx, server.url, registering(method)); err != nil {
			return fmt.Errorf("register with method %q: %w", method, err)
		}
	}
	return nil
}

// expectTool connects to the server and calls its tool, which returns the username.
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
	defer func() { _ = session.Close() }() // The server is closed next.
	result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: "whoami"})
	if err != nil {
		return err
	}
	if text, ok := result.Content[0].(*mcp.TextContent); !ok || text.Text != os.Getenv("TEST_USERNAME") {
		return fmt.Errorf("the server returned the username %+v", result.Content[0])
	}
	return nil
}

// visit lets the user's browser open the authorization URL, and returns the response
// that the gateway sends to the client.
func visit(ctx context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, os.Getenv("USER_AGENT"), strings.NewReader(args.URL))
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
	callback, err := url.Parse(string(body))
	if err != nil || res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the user agent failed: %s", body)
	}
	q := callback.Query()
	return &auth.AuthorizationResult{Code: q.Get("code"), State: q.Get("state"), Iss: q.Get("iss")}, nil
}
