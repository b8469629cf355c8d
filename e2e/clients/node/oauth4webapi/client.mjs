// oauth4webapi, which checks every response of the server against the RFCs.
import assert from 'node:assert/strict';
import * as oauth from 'oauth4webapi';
import { visit } from '../user-agent.mjs';

const issuer = new URL(process.env.GATEWAY);
const redirectURI = process.env.REDIRECT_URI;
const { CLIENT_ID, CLIENT_SECRET, PUBLIC_CLIENT_ID, TEST_USERNAME } = process.env;

// The tests reach the gateway over plain HTTP; your app must not.
const http = { [oauth.allowInsecureRequests]: true };

const discovered = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...http });
const server = await oauth.processDiscoveryResponse(issuer, discovered);
const client = { client_id: CLIENT_ID };

for (const authentication of [oauth.ClientSecretPost(CLIENT_SECRET), oauth.ClientSecretBasic(CLIENT_SECRET)]) {
  const tokens = await signIn(client, authentication);
  assert.equal(await whoIs(tokens), TEST_USERNAME);

  const fresh = await oauth.processRefreshTokenResponse(server, client, await oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh_token, http));
  assert.equal(await whoIs(fresh), TEST_USERNAME);

  const introspect = async () => oauth.processIntrospectionResponse(server, client, await oauth.introspectionRequest(server, client, authentication, fresh.access_token, http));
  assert.equal((await introspect()).active, true);
  await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, authentication, fresh.access_token, http));
  assert.equal((await introspect()).active, false);

  await assert.rejects(whoIs(fresh), (error) => error.code === oauth.WWW_AUTHENTICATE_CHALLENGE && error.cause[0].scheme === 'bearer');
}

const publicClient = { client_id: PUBLIC_CLIENT_ID };
const publicTokens = await signIn(publicClient, oauth.None());
assert.equal(await whoIs(publicTokens), TEST_USERNAME);
assert.equal(publicTokens.refresh_token, undefined, 'a public client gets no refresh token');
await oauth.processRevocationResponse(await oauth.revocationRequest(server, publicClient, oauth.None(), publicTokens.access_token, http));

const resource = 'https://mcp.example.com/';
const bound = await signIn(client, oauth.ClientSecretPost(CLIENT_SECRET), { resource });
const introspected = await oauth.processIntrospectionResponse(server, client, await oauth.introspectionRequest(server, client, oauth.ClientSecretPost(CLIENT_SECRET), bound.access_token, http));
assert.equal(String(introspected.aud), resource);

await assert.rejects(
  signIn(client, oauth.ClientSecretPost('wrong')),
  (error) => error.code === oauth.RESPONSE_BODY_ERROR && error.error === 'invalid_client' || error.code === oauth.WWW_AUTHENTICATE_CHALLENGE,
);
await assert.rejects(
  signIn(client, oauth.ClientSecretPost(CLIENT_SECRET), { prompt: 'consent' }, 'deny'),
  (error) => error.code === oauth.AUTHORIZATION_RESPONSE_ERROR && error.error === 'access_denied',
);

async function signIn(client, authentication, more = {}, decision) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const authorizationURL = new URL(server.authorization_endpoint);
  authorizationURL.search = new URLSearchParams({
    client_id: client.client_id,
    response_type: 'code',
    redirect_uri: redirectURI,
    scope: 'user',
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  });
  const callback = await visit(authorizationURL, decision);

  const answer = oauth.validateAuthResponse(server, client, callback, state);
  const response = await oauth.authorizationCodeGrantRequest(server, client, authentication, answer, redirectURI, verifier, http);
  return oauth.processAuthorizationCodeResponse(server, client, response);
}

async function whoIs(tokens) {
  const me = await oauth.protectedResourceRequest(tokens.access_token, 'GET', new URL(`${issuer.href.replace(/\/$/, '')}/api/v4/users/me`), undefined, undefined, http);
  return (await me.json()).username;
}
