// An MCP server that accepts the tokens of the gateway.
import express from 'express';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { getOAuthProtectedResourceMetadataUrl, mcpAuthMetadataRouter } from '@modelcontextprotocol/sdk/server/auth/router.js';
import { discoverAuthorizationServerMetadata } from '@modelcontextprotocol/sdk/client/auth.js';

export async function startServer(gateway) {
  const app = express();
  const listener = await new Promise((resolve) => {
    const l = app.listen(0, '127.0.0.1', () => resolve(l));
  });
  const server = { url: `http://127.0.0.1:${listener.address().port}/mcp`, close: () => { listener.close(); listener.closeAllConnections(); } };
  const oauthMetadata = await discoverAuthorizationServerMetadata(gateway);

  app.use(mcpAuthMetadataRouter({ oauthMetadata, resourceServerUrl: new URL(server.url), scopesSupported: ['user'] }));

  // It introspects each token at the gateway (RFC 7662).
  async function verifyAccessToken(token) {
    const response = await fetch(oauthMetadata.introspection_endpoint, {
      method: 'POST',
      body: new URLSearchParams({ token, client_id: process.env.RESOURCE_SERVER_ID, client_secret: process.env.RESOURCE_SERVER_SECRET }),
    });
    const claims = await response.json();
    if (!claims.active) throw new InvalidTokenError('The token is not active.');
    server.lastToken = claims;
    return { token, clientId: claims.client_id, scopes: claims.scope.split(' '), expiresAt: claims.exp, resource: new URL(claims.aud), extra: claims };
  }

  const onlyWithToken = requireBearerAuth({
    verifier: { verifyAccessToken },
    requiredScopes: ['user'],
    resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(new URL(server.url)),
    expectedResource: new URL(server.url),
  });
  app.all('/mcp', onlyWithToken, express.json(), async (req, res) => {
    const mcp = new McpServer({ name: 'example', version: '1.0.0' });
    mcp.registerTool('whoami', { description: 'Who the token acts for' }, ({ authInfo }) => ({ content: [{ type: 'text', text: authInfo.extra.username }] }));
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    res.on('close', () => transport.close());
    await mcp.connect(transport);
    await transport.handleRequest(req, res, req.body);
  });
  return server;
}
