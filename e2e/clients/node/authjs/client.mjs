// Auth.js with its built-in Mattermost provider, as the server of an app uses it.
import assert from 'node:assert/strict';
import { Auth } from '@auth/core';
import Mattermost from '@auth/core/providers/mattermost';
import { signInTo } from './app.mjs';

const gateway = process.env.GATEWAY;

const config = {
  providers: [
    Mattermost({
      issuer: gateway,
      clientId: process.env.CLIENT_ID,
      clientSecret: process.env.CLIENT_SECRET,
    }),
    {
      id: 'gatehouse',
      name: 'Gatehouse',
      type: 'oauth',
      issuer: gateway,
      authorization: `${gateway}/oauth/authorize`,
      token: `${gateway}/oauth/access_token`,
      userinfo: `${gateway}/api/v4/users/me`,
      clientId: process.env.CLIENT_ID,
      clientSecret: process.env.CLIENT_SECRET,
      profile: ({ id, username, email }) => ({ id, name: username, email }),
    },
  ],
  basePath: '/auth',
  secret: 'the secret for the session cookies of Auth.js',
  trustHost: true,
};

const signIn = signInTo((request) => Auth(request, config));

const first = await signIn('mattermost');
assert.equal(first.user.name, process.env.TEST_USERNAME);
assert.equal(first.user.email, process.env.TEST_EMAIL);

const again = await signIn('mattermost');
assert.deepEqual(again.user, first.user, 'signs in again, without the consent page');

// Without prompt=consent, Bob would not see the consent page, because he has consented before.
const own = await signIn('gatehouse');
assert.equal(own.user.name, first.user.name, 'signs in with a custom provider');

const refused = await signIn('mattermost', '?prompt=consent', 'deny').catch((error) => error);
assert.match(refused.message, /error=OAuthCallbackError|error=AccessDenied/);
