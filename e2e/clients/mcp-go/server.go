package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
)

// server is an MCP server that accepts the tokens of the gateway.
type server struct {
	*httptest.Server
	url string
}

func startServer(gateway string) *server {
	mux := http.NewServeMux()
	s := &server{Server: httptest.NewServer(mux)}
	s.url = s.URL + "/mcp"
	metadataPath := "/.well-known/oauth-protected-resource/mcp"
	mux.Handle(metadataPath, auth.ProtectedResourceMetadataHandler(&oauthex.ProtectedResourceMetadata{
		Resource: s.url, AuthorizationServers: []string{gateway}, ScopesSupported: []string{"user"},
	}))

	example := mcp.NewServer(&mcp.Implementation{Name: "example", Version: "1.0.0"}, nil)
	mcp.AddTool(example, &mcp.Tool{Name: "whoami", Description: "Returns the username of the token"},
		func(_ context.Context, request *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
			username, _ := request.Extra.TokenInfo.Extra["username"].(string)
			return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: username}}}, nil, nil
		})
	handler := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return example }, nil)
	onlyWithToken := auth.RequireBearerToken(s.verify(gateway), &auth.RequireBearerTokenOptions{
		ResourceMetadataURL: s.URL + metadataPath, Scopes: []string{"user"},
	})
	mux.Handle("/mcp", onlyWithToken(handler))
	return s
}

// verify returns a function that introspects a token at the gateway (RFC 7662).
func (s *server) verify(gateway string) auth.TokenVerifier {
	return func(ctx context.Context, token string, _ *http.Request) (*auth.TokenInfo, error) {
		form := url.Values{"token": {token}, "client_id": {os.Getenv("RESOURCE_SERVER_ID")}, "client_secret": {os.Getenv("RESOURCE_SERVER_SECRET")}}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, gateway+"/oauth/introspect", strings.NewReader(form.Encode()))
		if err != nil {
			return nil, err
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil, err
		}
		defer func() { _ = res.Body.Close() }() // The body was only read.
		var claims struct {
			Active             bool
			Aud, Scope         string
			Sub, Username, Iss string
			Exp                int64
			ErrorDescription   string `json:"error_description"`
		}
		err = json.NewDecoder(res.Body).Decode(&claims)
		switch {
		case err != nil:
			return nil, err
		case res.StatusCode != http.StatusOK:
			return nil, errors.New(claims.ErrorDescription)
		case !claims.Active || claims.Aud != s.url || claims.Iss != gateway:
			return nil, fmt.Errorf("%w: %+v", auth.ErrInvalidToken, claims)
		}
		return &auth.TokenInfo{
			Scopes: strings.Fields(claims.Scope), Expiration: time.Unix(claims.Exp, 0), UserID: claims.Sub,
			Extra: map[string]any{"username": claims.Username},
		}, nil
	}
}
