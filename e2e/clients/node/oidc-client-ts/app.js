// A single-page app with oidc-client-ts: a public client with PKCE, without hidden frames.
const { gateway, clientID } = window.configuration;

const manager = new oidc.UserManager({
  authority: gateway,
  client_id: clientID,
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: `${location.origin}/`,
  scope: 'openid profile email',
  loadUserInfo: true,
  automaticSilentRenew: false, // it uses a hidden frame
});

async function signIn() {
  await manager.signinRedirect({ nonce: crypto.randomUUID() });
}

// Before the access token expires, the whole page goes to the gateway and returns. The user
// sees no page. Without a session the gateway responds with login_required.
async function renew() {
  await manager.signinRedirect({ nonce: crypto.randomUUID(), prompt: 'none', state: { returnTo: location.pathname } });
}

async function signOut() {
  await manager.signoutRedirect();
}

async function load() {
  if (location.pathname !== '/callback') return manager.getUser();
  try {
    return await manager.signinCallback();
  } catch (error) {
    if (error.error !== 'login_required') throw error;
    await manager.removeUser();
    return null;
  } finally {
    history.replaceState({}, '', '/');
  }
}

function show(user) {
  document.querySelector('h1').textContent = user ? `Hello, ${user.profile.preferred_username}` : 'Signed out';
  document.querySelector('#result').textContent = user ? JSON.stringify({ ...user.profile, token: user.access_token.slice(-8), refresh: !!user.refresh_token }) : '';
  document.querySelector('#sign-in').hidden = !!user;
  document.querySelector('#renew').hidden = false;
  document.querySelector('#sign-out').hidden = !user;
}

document.querySelector('#sign-in').onclick = signIn;
document.querySelector('#renew').onclick = renew;
document.querySelector('#sign-out').onclick = signOut;
load().then(show, (error) => { document.querySelector('h1').textContent = `Failed: ${error.message}`; });
