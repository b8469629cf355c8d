// Auth.js with OpenID Connect: a provider of the type "oidc".
import assert from 'node:assert/strict';
import { Auth } from '@auth/core';
import { signInTo } from './app.mjs';

const gateway = process.env.GATEWAY;

const config = {
  providers: [
    {
      id: 'gatehouse',
      name: 'Gatehouse',
      type: 'oidc',
      issuer: gateway,
      clientId: process.env.CLIENT_ID,
      clientSecret: process.env.CLIENT_SECRET,
      checks: ['pkce', 'state', 'nonce'],
      idToken: false, // read the user from UserInfo
    },
  ],
  basePath: '/auth',
  secret: 'the secret for the session cookies of Auth.js',
  trustHost: true,
};

const signIn = signInTo((request) => Auth(request, config));

const first = await signIn('gatehouse');
assert.equal(first.user.name, process.env.TEST_USERNAME);
assert.equal(first.user.email, process.env.TEST_EMAIL);
assert.deepEqual((await signIn('gatehouse')).user, first.user, 'signs in again, without the consent page');

const refused = await signIn('gatehouse', '?prompt=consent', 'deny').catch((error) => error);
assert.match(refused.message, /error=OAuthCallbackError|error=AccessDenied/);
