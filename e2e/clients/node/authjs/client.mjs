// Auth.js with its built-in Mattermost provider, as the server of an app uses it.
import assert from 'node:assert/strict';
import { Auth } from '@auth/core';
import Mattermost from '@auth/core/providers/mattermost';
import { visit } from '../user-agent.mjs';

const gateway = process.env.GATEWAY;
const app = new URL(process.env.REDIRECT_URI).origin;

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

// signIn signs in with one browser and returns the session of the app.
async function signIn(provider, query = '', decision) {
  const cookies = new Map();

  async function request(url, form) {
    const headers = new Headers({ cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') });
    const response = await Auth(new Request(url, { method: form ? 'POST' : 'GET', headers, body: form && new URLSearchParams(form) }), config);
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = cookie.match(/^([^=]+)=([^;]*)/);
      cookies.set(name, value);
    }
    return response;
  }

  const { csrfToken } = await (await request(`${app}/auth/csrf`)).json();
  const toGateway = await request(`${app}/auth/signin/${provider}${query}`, { csrfToken, callbackUrl: `${app}/home` });
  const callback = await visit(toGateway.headers.get('location'), decision);
  const back = await request(callback);
  if (back.headers.get('location') !== `${app}/home`) throw new Error(`sent to ${back.headers.get('location')}`);
  return (await request(`${app}/auth/session`)).json();
}
