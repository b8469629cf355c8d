// oauth4webapi with OpenID Connect, which checks every claim of the ID token.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import { visit } from '../user-agent.mjs';

const issuer = new URL(process.env.GATEWAY);
const redirectURI = process.env.REDIRECT_URI;
const { CLIENT_ID, CLIENT_SECRET, ES256_CLIENT_ID, ES256_CLIENT_SECRET, PUBLIC_CLIENT_ID, TEST_USERNAME, TEST_EMAIL } = process.env;

// The tests reach the gateway over plain HTTP; your app must not.
const http = { [oauth.allowInsecureRequests]: true };

const discovered = await oauth.discoveryRequest(issuer, http);
const server = await oauth.processDiscoveryResponse(issuer, discovered);

const apps = [
  [{ client_id: CLIENT_ID }, oauth.ClientSecretPost(CLIENT_SECRET)],
  [{ client_id: CLIENT_ID, require_auth_time: true, default_max_age: 3600 }, oauth.ClientSecretBasic(CLIENT_SECRET)],
  [{ client_id: ES256_CLIENT_ID, id_token_signed_response_alg: 'ES256' }, oauth.ClientSecretBasic(ES256_CLIENT_SECRET)],
  [{ client_id: PUBLIC_CLIENT_ID }, oauth.None()],
];
for (const [client, authentication] of apps) {
  const { tokens, claims } = await signIn(client, authentication, { max_age: '3600' });
  const hash = createHash('sha256').update(tokens.access_token).digest();
  assert.equal(claims.at_hash, hash.subarray(0, 16).toString('base64url'));

  const response = await oauth.userInfoRequest(server, client, tokens.access_token, http);
  const user = await oauth.processUserInfoResponse(server, client, claims.sub, response);
  assert.equal(user.preferred_username, TEST_USERNAME);
  assert.equal(user.email, TEST_EMAIL);

  const again = await signIn(client, authentication, { prompt: 'login', max_age: '0' });
  assert.equal(again.claims.sub, claims.sub);
  assert.equal(again.claims.sid, claims.sid, 'signing in again keeps the session');

  const named = await signIn(client, authentication, { scope: 'openid', claims: JSON.stringify({ id_token: { email: { essential: true } } }) });
  assert.equal(named.claims.email, TEST_EMAIL);
  assert.equal(named.claims.name, undefined);

  if (tokens.refresh_token) {
    const answer = await oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh_token, http);
    const fresh = await oauth.processRefreshTokenResponse(server, client, answer);
    await oauth.validateApplicationLevelSignature(server, answer, http);
    assert.equal(oauth.getValidatedIdTokenClaims(fresh).sub, claims.sub);
  }
}

const client = { client_id: CLIENT_ID };
for (const parameter of ['request', 'request_uri']) {
  await assert.rejects(
    signIn(client, oauth.ClientSecretPost(CLIENT_SECRET), { [parameter]: 'https://app.example.com/request' }),
    (error) => error.code === oauth.AUTHORIZATION_RESPONSE_ERROR && error.error === `${parameter}_not_supported`,
  );
}
await assert.rejects(oauth.userInfoRequest(server, client, 'wrong', http).then((response) => oauth.processUserInfoResponse(server, client, 'x', response)), (error) => error.code === oauth.WWW_AUTHENTICATE_CHALLENGE);

async function signIn(client, authentication, more = {}) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const nonce = oauth.generateRandomNonce();
  const authorizationURL = new URL(server.authorization_endpoint);
  authorizationURL.search = new URLSearchParams({
    client_id: client.client_id,
    response_type: 'code',
    redirect_uri: redirectURI,
    scope: 'openid profile email',
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  });
  const callback = await visit(authorizationURL);

  const answer = oauth.validateAuthResponse(server, client, callback, state);
  const response = await oauth.authorizationCodeGrantRequest(server, client, authentication, answer, redirectURI, verifier, http);
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
    maxAge: more.max_age && Number(more.max_age),
  });
  await oauth.validateApplicationLevelSignature(server, response, http);
  return { tokens, claims: oauth.getValidatedIdTokenClaims(tokens) };
}
