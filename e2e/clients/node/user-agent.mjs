// The browser of the user. It opens an authorization URL, signs in, and presses the
// button. Returns the URL of the client to which the gateway redirects.
export async function visit(authorizationURL, decision = 'allow') {
  const response = await fetch(`${process.env.USER_AGENT}/?decision=${decision}`, { method: 'POST', body: String(authorizationURL) });
  const body = await response.text();
  if (!response.ok) throw new Error(`The user agent got stuck: ${body}`);
  return new URL(body);
}
