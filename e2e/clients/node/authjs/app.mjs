// The server of an app with Auth.js, without its pages.
import { visit } from '../user-agent.mjs';

const app = new URL(process.env.REDIRECT_URI).origin;

// signInTo returns a function that signs in to an app with one browser and returns the
// session of the app. auth responds to the requests of the browser.
export function signInTo(auth) {
  return async function signIn(provider, query = '', decision) {
    const cookies = new Map();

    async function request(url, form) {
      const headers = new Headers({ cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') });
      const response = await auth(new Request(url, { method: form ? 'POST' : 'GET', headers, body: form && new URLSearchParams(form) }));
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
}
