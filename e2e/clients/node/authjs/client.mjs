// Auth.js with its built-in Mattermost provider, as an app's server would use it.
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
  secret: 'what Auth.js seals its own session cookies with',
  trustHost: true,
};

const first = await signIn('mattermost');
assert.equal(first.user.name, process.env.PERSON_USERNAME);
assert.equal(first.user.email, process.env.PERSON_EMAIL);

const again = await signIn('mattermost');
assert.deepEqual(again.user, first.user, 'signs in again, where nobody is asked any more');

// prompt=consent: else Bob, who agreed before, would not be asked.
const own = await signIn('gatehouse');
assert.equal(own.user.name, first.user.name, 'signs in with a provider of its own');

const refused = await signIn('mattermost', '?prompt=consent', 'deny').catch((error) => error);
assert.match(refused.message, /error=OAuthCallbackError|error=AccessDenied/);

// signIn is one browser that visits the app.
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
