// The official MCP TypeScript SDK: a client that knows only the address of an MCP
// server, and a server that accepts tokens of the gateway.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { auth, discoverOAuthServerInfo, refreshAuthorization, UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { visit } from '../user-agent.mjs';
import { startServer } from './server.mjs';

const gateway = process.env.GATEWAY;
const redirectURI = 'http://127.0.0.1:33418/callback';
const registration = process.env.REGISTRATION === 'on';
const server = await startServer(gateway);

// The data that a client keeps about one server. A real client keeps it on disk.
class Provider {
  redirectUrl = redirectURI;
  clientMetadata = {
    client_name: 'MCP TypeScript SDK',
    redirect_uris: [redirectURI],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  };
  registrations = 0;

  constructor(clientInformation) { this.information = clientInformation; }
  state() { return 'xyz'; }
  clientInformation() { return this.information; }
  saveClientInformation(information) { this.information = information; this.registrations++; }
  tokens() { return this.saved; }
  saveTokens(tokens) { this.saved = tokens; }
  saveCodeVerifier(verifier) { this.verifier = verifier; }
  codeVerifier() { return this.verifier; }
  redirectToAuthorization(url) { this.authorizationURL = url; }
  invalidateCredentials(scope) {
    if (scope === 'all') this.information = undefined;
    this.saved = undefined;
  }
}

const provider = new Provider(registration ? undefined : { client_id: process.env.PUBLIC_CLIENT_ID });
if (!registration) {
  // Without registration the SDK fails with an error. It works with a client ID of a registered app.
  await assert.rejects(connect(new Provider()), /does not support dynamic client registration/);
}

await connect(provider);
assert.equal(provider.information.client_secret, undefined);
assert.equal(provider.saved.refresh_token, undefined, 'a public client gets no refresh token');
assert.equal(server.lastToken.aud, server.url, 'the token is for this MCP server');

// The gateway refuses a refresh of a public client with an error that the SDK knows.
const { authorizationServerUrl, authorizationServerMetadata: metadata } = await discoverOAuthServerInfo(server.url);
assert.equal(String(authorizationServerUrl).replace(/\/$/, ''), gateway);
assert.equal(metadata.issuer, gateway);
await assert.rejects(
  refreshAuthorization(gateway, { metadata, clientInformation: provider.information, refreshToken: 'made-up' }),
  (error) => error.errorCode === 'unauthorized_client',
);

if (registration) {
  // A confidential client registers, gets a secret, and refreshes.
  const confidential = new Provider();
  confidential.clientMetadata = { ...confidential.clientMetadata, token_endpoint_auth_method: 'client_secret_basic' };
  await connect(confidential);
  const { access_token: first } = confidential.saved;
  assert.equal(await auth(confidential, { serverUrl: server.url }), 'AUTHORIZED', 'refreshed without the user');
  assert.notEqual(confidential.saved.access_token, first);
  assert.equal(await whoAmI(confidential), process.env.TEST_USERNAME);

  // A client whose app was deleted registers again.
  const removed = new Provider({ client_id: 'a'.repeat(26), client_secret: 'gone' });
  removed.saved = { access_token: 'x', token_type: 'bearer', refresh_token: 'gone' };
  assert.equal(await auth(removed, { serverUrl: server.url }), 'REDIRECT');
  assert.equal(removed.registrations, 1);
}

// The API of the gateway has protected resource metadata, like an MCP server.
const own = new Provider(provider.information);
const challenge = await fetch(`${gateway}/api/v4/users/me`);
assert.equal(challenge.status, 401);
const [, resourceMetadataUrl] = challenge.headers.get('www-authenticate').match(/resource_metadata="([^"]+)"/);
assert.equal(await auth(own, { serverUrl: `${gateway}/api/v4/users/me`, resourceMetadataUrl: new URL(resourceMetadataUrl) }), 'REDIRECT');
const ownCode = (await visit(own.authorizationURL)).searchParams.get('code');
assert.equal(await auth(own, { serverUrl: `${gateway}/api/v4/users/me`, resourceMetadataUrl: new URL(resourceMetadataUrl), authorizationCode: ownCode }), 'AUTHORIZED');
const me = await fetch(`${gateway}/api/v4/users/me`, { headers: { authorization: `Bearer ${own.saved.access_token}` } });
assert.equal((await me.json()).username, process.env.TEST_USERNAME);

server.close();

// connect knows only the address of the server, and calls its tool.
async function connect(authProvider) {
  const transport = new StreamableHTTPClientTransport(new URL(server.url), { authProvider });
  const client = new Client({ name: 'example', version: '1.0.0' });
  await assert.rejects(client.connect(transport), (error) => {
    if (!(error instanceof UnauthorizedError)) throw error;
    return true;
  });
  const callback = await visit(authProvider.authorizationURL);
  assert.equal(callback.searchParams.get('iss'), gateway);
  assert.equal(callback.searchParams.get('state'), 'xyz');
  await transport.finishAuth(callback.searchParams.get('code'));
  assert.equal(await whoAmI(authProvider), process.env.TEST_USERNAME);
}

async function whoAmI(authProvider) {
  const client = new Client({ name: 'example', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(server.url), { authProvider }));
  const { content } = await client.callTool({ name: 'whoami', arguments: {} });
  await client.close();
  return content[0].text;
}
