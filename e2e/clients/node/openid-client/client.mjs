// openid-client in plain OAuth mode: discovery by RFC 8414, no ID tokens.
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { visit } from '../user-agent.mjs';

const gateway = process.env.GATEWAY;
const redirectURI = process.env.REDIRECT_URI;
const { CLIENT_ID, CLIENT_SECRET, PUBLIC_CLIENT_ID, TEST_USERNAME } = process.env;

const options = { algorithm: 'oauth2' };
// The tests reach the gateway over plain HTTP; your app must not.
options.execute = [client.allowInsecureRequests];

const methods = {
  client_secret_post: client.ClientSecretPost(CLIENT_SECRET),
  client_secret_basic: client.ClientSecretBasic(CLIENT_SECRET),
};
for (const [method, authentication] of Object.entries(methods)) {
  const config = await client.discovery(new URL(gateway), CLIENT_ID, undefined, authentication, options);
  const tokens = await signIn(config);
  assert.equal(await whoIs(config, tokens), TEST_USERNAME, method);

  const fresh = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(fresh.access_token, tokens.access_token);
  assert.notEqual(fresh.refresh_token, tokens.refresh_token, 'refresh tokens rotate');
  assert.equal(await whoIs(config, fresh), TEST_USERNAME);

  const introspected = await client.tokenIntrospection(config, fresh.access_token);
  assert.equal(introspected.active, true);
  assert.equal(introspected.client_id, CLIENT_ID);
  await client.tokenRevocation(config, fresh.refresh_token);
  assert.equal((await client.tokenIntrospection(config, fresh.access_token)).active, false);
}

const publicConfig = await client.discovery(new URL(gateway), PUBLIC_CLIENT_ID, undefined, client.None(), options);
const publicTokens = await signIn(publicConfig);
assert.equal(await whoIs(publicConfig, publicTokens), TEST_USERNAME);
assert.equal(publicTokens.refresh_token, undefined, 'a public client gets no refresh token');

// Without prompt=consent, Bob would not see the consent page, because he has consented before.
await assert.rejects(signIn(publicConfig, { prompt: 'consent' }, 'deny'), (error) => error instanceof client.AuthorizationResponseError && error.error === 'access_denied');

if (process.env.REGISTRATION === 'on') {
  const registered = await client.dynamicClientRegistration(new URL(gateway), { client_name: 'openid-client', redirect_uris: [redirectURI] }, undefined, options);
  assert.equal(await whoIs(registered, await signIn(registered)), TEST_USERNAME);
}

async function signIn(config, more = {}, decision) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const authorizationURL = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectURI,
    scope: 'user',
    state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  });
  const callback = await visit(authorizationURL, decision);
  return client.authorizationCodeGrant(config, callback, { pkceCodeVerifier: verifier, expectedState: state });
}

async function whoIs(config, tokens) {
  const me = await client.fetchProtectedResource(config, tokens.access_token, new URL(`${gateway}/api/v4/users/me`), 'GET');
  return (await me.json()).username;
}
