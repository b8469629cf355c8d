// simple-oauth2, with the client secret in the header (the default) and in the body.
import assert from 'node:assert/strict';
import { AuthorizationCode } from 'simple-oauth2';
import { visit } from '../user-agent.mjs';

const gateway = new URL(process.env.GATEWAY);
const redirectURI = process.env.REDIRECT_URI;

for (const authorizationMethod of ['header', 'body']) {
  const client = new AuthorizationCode({
    client: { id: process.env.CLIENT_ID, secret: process.env.CLIENT_SECRET },
    auth: {
      tokenHost: gateway.origin,
      authorizePath: path('/oauth/authorize'),
      tokenPath: path('/oauth/access_token'),
      revokePath: path('/oauth/revoke'),
    },
    options: { authorizationMethod },
  });
  const authorizationURL = client.authorizeURL({ redirect_uri: redirectURI, scope: 'user', state: 'xyz' });
  const callback = await visit(authorizationURL);
  assert.equal(callback.searchParams.get('state'), 'xyz');
  const token = await client.getToken({ code: callback.searchParams.get('code'), redirect_uri: redirectURI });
  assert.equal(await whoIs(token), process.env.TEST_USERNAME);
  assert.equal(token.expired(), false);

  const fresh = await token.refresh();
  assert.equal(await whoIs(fresh), process.env.TEST_USERNAME);
  assert.notEqual(fresh.token.access_token, token.token.access_token);

  await fresh.revokeAll();
  assert.equal(await whoIs(fresh), undefined);
  await assert.rejects(fresh.refresh(), (error) => error.output?.statusCode === 400 && error.data?.payload?.error === 'invalid_grant');
}

// path returns the path of an endpoint. The URL of the gateway may have a path, too.
function path(name) {
  return gateway.pathname.replace(/\/$/, '') + name;
}

async function whoIs({ token }) {
  const me = await fetch(gateway.origin + path('/api/v4/users/me'), { headers: { authorization: `Bearer ${token.access_token}` } });
  return me.ok ? (await me.json()).username : undefined;
}
