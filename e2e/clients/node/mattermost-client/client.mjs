// Mattermost's own JavaScript client manages an app from its creation to its deletion.
import assert from 'node:assert/strict';
import mattermost from '@mattermost/client';

const gateway = process.env.GATEWAY;
const redirectURI = process.env.REDIRECT_URI;
const { ADMIN_USERNAME, ADMIN_PASSWORD } = process.env;

const client = new mattermost.Client4();
client.setUrl(gateway);
const admin = await client.login(ADMIN_USERNAME, ADMIN_PASSWORD);
assert.equal((await client.getMe()).id, admin.id);

// Create.
const app = await client.createOAuthApp({
  name: 'Wiki',
  description: 'The wiki of our team',
  homepage: 'https://wiki.example.com',
  callback_urls: [redirectURI],
});
assert.equal(app.creator_id, admin.id);
assert.match(app.id, /^[a-z0-9]{26}$/);
assert.ok(app.client_secret, 'the answer shows the new secret');

// List and get.
assert.ok((await client.getOAuthApps(0, 200)).some(({ id, name }) => id === app.id && name === 'Wiki'));
assert.equal((await client.getOAuthApp(app.id)).homepage, 'https://wiki.example.com');
const info = await client.getOAuthAppInfo(app.id);
assert.equal(info.name, 'Wiki');
assert.ok(!info.client_secret);

// Edit.
const edited = await client.editOAuthApp({ ...app, name: 'Team wiki', callback_urls: [redirectURI, 'https://wiki.example.com/callback'] });
assert.equal(edited.name, 'Team wiki');
assert.equal((await client.getOAuthApp(app.id)).callback_urls.length, 2);

// Authorize, as Mattermost's own consent page does.
const { redirect } = await client.authorizeOAuthApp('code', app.id, redirectURI, 'xyz', 'user');
const answer = new URL(redirect).searchParams;
assert.equal(answer.get('state'), 'xyz');
assert.deepEqual((await client.getAuthorizedOAuthApps(admin.id)).map(({ id }) => id), [app.id]);
const tokens = await token({ grant_type: 'authorization_code', code: answer.get('code'), redirect_uri: redirectURI, client_secret: app.client_secret });

// The same client with an access token of the app can read its user, but manage nothing.
const asApp = new mattermost.Client4();
asApp.setUrl(gateway);
asApp.setToken(tokens.access_token);
assert.equal((await asApp.getMe()).username, ADMIN_USERNAME);
await assert.rejects(asApp.createOAuthApp({ name: 'x', homepage: 'https://x.example.com', callback_urls: [redirectURI] }), (error) => error.status_code === 403);

// Regenerate the secret: the old secret stops working, the new one works.
const { client_secret: secret } = await client.regenOAuthAppSecret(app.id);
assert.notEqual(secret, app.client_secret);
const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
await assert.rejects(token({ ...refresh, client_secret: app.client_secret }), /invalid_client/);
const fresh = await token({ ...refresh, client_secret: secret });

// Deauthorize: the tokens of the app are revoked.
await client.deauthorizeOAuthApp(app.id);
assert.deepEqual(await client.getAuthorizedOAuthApps(admin.id), []);
await assert.rejects(token({ grant_type: 'refresh_token', refresh_token: fresh.refresh_token, client_secret: secret }), /invalid_grant/);
asApp.setToken(fresh.access_token);
await assert.rejects(asApp.getMe(), (error) => error.status_code === 401 && error.server_error_id === 'api.context.session_expired.app_error');

// Delete.
await client.deleteOAuthApp(app.id);
await assert.rejects(client.getOAuthApp(app.id), (error) => error.status_code === 404 && error.server_error_id === 'app.oauth.get_app.find.app_error');

// Sign out: the session is deleted.
await client.logout();
await assert.rejects(client.getMe(), (error) => error.status_code === 401);
await assert.rejects(client.login(ADMIN_USERNAME, 'wrong'), (error) => error.status_code === 401 && error.server_error_id === 'api.user.login.invalid_credentials_email_username');

async function token(form) {
  const response = await fetch(`${gateway}/oauth/access_token`, { method: 'POST', body: new URLSearchParams({ client_id: app.id, ...form }) });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error);
  return body;
}
