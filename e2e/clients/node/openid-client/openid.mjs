// openid-client with OpenID Connect: discovery, nonce, PKCE, ID token, UserInfo, refresh and logout.
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { visit } from '../user-agent.mjs';

const gateway = process.env.GATEWAY;
const redirectURI = process.env.REDIRECT_URI;
const { CLIENT_ID, CLIENT_SECRET, ES256_CLIENT_ID, ES256_CLIENT_SECRET, PUBLIC_CLIENT_ID, POST_LOGOUT_REDIRECT_URI, TEST_USERNAME, TEST_EMAIL } = process.env;

const options = {};
// The tests reach the gateway over plain HTTP; your app must not.
options.execute = [client.allowInsecureRequests];

const apps = {
  RS256: [CLIENT_ID, client.ClientSecretPost(CLIENT_SECRET)],
  ES256: [ES256_CLIENT_ID, client.ClientSecretBasic(ES256_CLIENT_SECRET)],
};
for (const [algorithm, [clientID, authentication]] of Object.entries(apps)) {
  const config = await client.discovery(new URL(gateway), clientID, { id_token_signed_response_alg: algorithm }, authentication, options);
  client.enableNonRepudiationChecks(config); // also verify the signature of ID tokens

  const tokens = await signIn(config);
  assert.equal(header(tokens).alg, algorithm);
  const claims = tokens.claims();
  assert.equal(claims.iss, gateway);
  assert.equal(claims.aud, clientID);
  const user = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.equal(user.preferred_username, TEST_USERNAME);
  assert.equal(user.email, TEST_EMAIL);

  const fresh = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.equal(fresh.claims().sub, claims.sub);
  assert.equal(fresh.claims().auth_time, claims.auth_time);
  assert.equal(fresh.claims().nonce, undefined);

  await assert.rejects(client.fetchUserInfo(config, fresh.access_token, 'another user'), (error) => error.code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED');
  const wrong = await client.discovery(new URL(gateway), clientID, { id_token_signed_response_alg: 'EdDSA' }, authentication, options);
  await assert.rejects(signIn(wrong), (error) => /alg/.test(error.message + error.cause), 'an ID token with an algorithm that the app did not register');

  const again = await signIn(config, { max_age: '3600' });
  assert.ok(again.claims().auth_time >= claims.auth_time);

  const logoutURL = client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: POST_LOGOUT_REDIRECT_URI, state: 'bye' });
  assert.equal(String(await visit(logoutURL)), `${POST_LOGOUT_REDIRECT_URI}?state=bye`);
  await assert.rejects(signIn(config, { prompt: 'none' }), (error) => error.error === 'login_required');
}

const publicConfig = await client.discovery(new URL(gateway), PUBLIC_CLIENT_ID, undefined, client.None(), options);
client.enableNonRepudiationChecks(publicConfig);
const publicTokens = await signIn(publicConfig);
assert.equal(publicTokens.refresh_token, undefined, 'a public client gets no refresh token');
assert.equal((await client.fetchUserInfo(publicConfig, publicTokens.access_token, publicTokens.claims().sub)).email, TEST_EMAIL);
assert.equal((await signIn(publicConfig, { prompt: 'none' })).claims().sub, publicTokens.claims().sub);

if (process.env.REGISTRATION === 'on') {
  const registered = await client.dynamicClientRegistration(new URL(gateway), { client_name: 'openid-client', redirect_uris: [redirectURI], id_token_signed_response_alg: 'ES256' }, undefined, options);
  client.enableNonRepudiationChecks(registered);
  assert.equal(header(await signIn(registered)).alg, 'ES256');
}

async function signIn(config, more = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const authorizationURL = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectURI,
    scope: 'openid profile email',
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  });
  const callback = await visit(authorizationURL);
  return client.authorizationCodeGrant(config, callback, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
    maxAge: more.max_age && Number(more.max_age),
  });
}

function header(tokens) {
  return JSON.parse(Buffer.from(tokens.id_token.split('.')[0], 'base64url'));
}
