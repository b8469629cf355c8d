package doctor

// The ids of the rules.
const (
	serverName       = "server.name"
	serverConnection = "server.connection"
	serverHost       = "server.host"
	answerTime       = "answer.time"
	answerSize       = "answer.size"
	tlsHandshake     = "tls.handshake"
	tlsTrust         = "tls.trust"
	tlsName          = "tls.name"
	tlsValidity      = "tls.validity"
	tlsRenewal       = "tls.renewal"
	httpRedirect     = "http.redirect"
	httpHSTS         = "http.hsts"
	clockDifference  = "clock.difference"

	metadataFound     = "metadata.found"
	metadataPlace     = "metadata.place"
	metadataRedirect  = "metadata.redirect"
	metadataFormat    = "metadata.format"
	metadataType      = "metadata.content-type"
	metadataAgreement = "metadata.agreement"
	metadataCache     = "metadata.cache"
	metadataCORS      = "metadata.cors"
	metadataMembers   = "metadata.members"
	metadataTypes     = "metadata.types"
	issuerEqual       = "issuer.equal"
	issuerForm        = "issuer.form"
	issuerPrivateHTTP = "issuer.private-http"
	issParameter      = "iss.parameter"
	pkceAnnounced     = "pkce.announced"
	pkceS256          = "pkce.s256"
	pkcePlain         = "pkce.plain"
	endpointURL       = "endpoint.url"
	endpointHTTPS     = "endpoint.https"
	endpointHost      = "endpoint.host"

	authorizePage     = "authorize.page"
	authorizeRedirect = "authorize.redirect"
	authorizeCORS     = "authorize.cors"
	pageFrame         = "page.frame"
	cookieSecure      = "cookie.secure"
	cookieHTTPOnly    = "cookie.http-only"
	cookieSameSite    = "cookie.same-site"
	tokenError        = "token.error"
	tokenCache        = "token.cache"
	tokenGet          = "token.get"
	tokenCORS         = "token.cors"
	userinfoChallenge = "userinfo.challenge"
	registrationState = "registration.refusal"
	keysFound         = "keys.found"
	keysPrivate       = "keys.private"
	keysIDs           = "keys.ids"
	keysRS256         = "keys.rs256"
	resourceEqual     = "resource.equal"
	resourceServer    = "resource.server"
)

// Rules lists the rules of Run.
func Rules() []Rule {
	return []Rule{
		{serverName, Error, "RFC 8414 §3.1", "Correct the URL, or add the name to the DNS."},
		{serverConnection, Error, "RFC 8414 §3.1", "Start the server, and let the firewall and the proxy pass connections to it."},
		{serverHost, Error, "RFC 9110 §15.5.20", "Set the site URL of the server to this URL, and let the proxy pass Host unchanged."},
		{answerTime, Error, "RFC 9110 §15.6.5", "Find out in the logs of the proxy and the server why it does not answer."},
		{answerSize, Error, "RFC 8414 §3.2", "Answer with the document alone, which has a few kilobytes."},
		{tlsHandshake, Error, "RFC 9110 §4.2.2", "Serve TLS 1.2 or later on this port, or use the port that does."},
		{tlsTrust, Error, "RFC 5280 §6", "Use a certificate of an authority that the clients trust, and send the intermediate certificates with it."},
		{tlsName, Error, "RFC 9525 §6", "Use a certificate for the host of the URL."},
		{tlsValidity, Error, "RFC 5280 §4.1.2.5", "Renew the certificate, and check the clocks."},
		{tlsRenewal, Warning, "RFC 5280 §4.1.2.5", "Renew the certificate, and find out why the automatic renewal has not done it."},
		{httpRedirect, Warning, "RFC 6797 §7.2", "Let the proxy answer every http request with a redirect to the https URL."},
		{httpHSTS, Warning, "RFC 6797 §7.1", "Send Strict-Transport-Security with a max-age of a year, and let the proxy pass it."},
		{clockDifference, Warning, "RFC 9110 §6.6.1", "Set both clocks by NTP, because clients judge the lifetime of tokens by their own clock."},

		{metadataFound, Error, "RFC 8414 §3", "Check that the URL is the issuer, and let the proxy pass /.well-known/ to the server."},
		{metadataPlace, Warning, "RFC 8414 §3.1", "Serve the document there too, and let the proxy pass the path /.well-known/oauth-authorization-server at the root of the host."},
		{metadataRedirect, Error, "RFC 8414 §3.2", "Answer this URL with the document itself, because many clients follow no redirect."},
		{metadataFormat, Error, "RFC 8414 §3.2", "Answer with the JSON document, or with 404 if there is none; often a proxy sends the path to a web page."},
		{metadataType, Error, "RFC 8414 §3.2", "Send Content-Type: application/json."},
		{metadataAgreement, Error, "RFC 8414 §5", "Serve the same values in all documents; often a proxy caches one of them."},
		{metadataCache, Warning, "RFC 9111 §5.2.2", "Send Cache-Control with a max-age from a minute to a day, so that caches follow changes."},
		{metadataCORS, Warning, "RFC 9700 §2.6", "Send Access-Control-Allow-Origin: * with the metadata, because clients in browsers cannot read it otherwise."},
		{metadataMembers, Error, "RFC 8414 §2", "Add the members, which the specification requires."},
		{metadataTypes, Error, "RFC 8414 §2", "Give each member the type of the specification."},
		{issuerEqual, Error, "RFC 8414 §3.3", "Set the site URL of the server to the URL that clients use, and let the proxy pass Host and X-Forwarded-Proto; if the issuer in the metadata is right, use it as the URL."},
		{issuerForm, Error, "RFC 8414 §2", "Use an https URL without a query and without a fragment."},
		{issuerPrivateHTTP, Warning, "RFC 8414 §2", "Use an https URL, because many clients refuse an http issuer and the private network can read passwords and tokens."},
		{issParameter, Warning, "RFC 9207 §3", "Send iss in authorization responses and announce authorization_response_iss_parameter_supported, so that a client of several servers can detect a mix-up."},
		{pkceAnnounced, Warning, "RFC 9700 §2.1.1", "Announce code_challenge_methods_supported, because some clients refuse servers without it."},
		{pkceS256, Error, "RFC 7636 §4.2", "Support the method S256."},
		{pkcePlain, Warning, "RFC 9700 §2.1.1", "Turn the method plain off, because the challenge then shows the verifier."},
		{endpointURL, Error, "RFC 6749 §3", "Announce each endpoint as an absolute http(s) URL without a fragment."},
		{endpointHTTPS, Error, "RFC 6749 §3.1", "Announce https URLs; often the proxy does not send X-Forwarded-Proto, or the site URL is wrong."},
		{endpointHost, Error, "RFC 8414 §2", "Announce the host and port that clients use; often the site URL or the Host that the proxy sends is wrong."},

		{authorizePage, Warning, "RFC 6749 §4.1.2.1", "Show the user a page with status 400 when a request has no client."},
		{authorizeRedirect, Error, "RFC 6749 §4.1.2.1", "Redirect to another site only after client and redirect URI are verified."},
		{authorizeCORS, Warning, "RFC 9700 §2.6", "Turn CORS off at the authorization endpoint, which browsers only navigate to."},
		{pageFrame, Error, "RFC 9700 §4.16", "Send Content-Security-Policy: frame-ancestors 'none' and X-Frame-Options: DENY with each page."},
		{cookieSecure, Error, "RFC 6265 §4.1.2.5", "Set the cookie with Secure; if the server does so behind https only, let the proxy send X-Forwarded-Proto."},
		{cookieHTTPOnly, Warning, "RFC 6265 §4.1.2.6", "Set the cookie with HttpOnly, unless a script of the page must read it."},
		{cookieSameSite, Warning, "RFC 9700 §4.7", "Set the cookie with SameSite=Lax."},
		{tokenError, Error, "RFC 6749 §5.2", "Answer a wrong token request with status 400 or 401 and a JSON object with the member error."},
		{tokenCache, Warning, "RFC 6749 §5.1", "Send Cache-Control: no-store with each answer of the token endpoint."},
		{tokenGet, Error, "RFC 6749 §3.2", "Accept only POST at the token endpoint, because URLs with secrets are logged."},
		{tokenCORS, Warning, "RFC 9700 §2.6", "Let preflights of other origins pass at the token endpoint (POST, Authorization, Content-Type), because clients in browsers cannot redeem codes otherwise."},
		{userinfoChallenge, Error, "RFC 6750 §3", "Answer a request without a token with 401 and WWW-Authenticate: Bearer; check that the proxy passes the header."},
		{registrationState, Error, "RFC 7591 §3.2.2", "Answer a request that is not a registration with an error of the 4xx class."},
		{keysFound, Error, "RFC 7517 §5", "Serve a JSON object with the public keys in the member keys at jwks_uri."},
		{keysPrivate, Error, "RFC 7517 §9.2", "Withdraw these keys at once, replace them, and publish only the public members."},
		{keysIDs, Error, "RFC 7517 §4.5", "Give each key an id (kid) of its own."},
		{keysRS256, Error, "OpenID Connect Core §15.1", "Publish an RSA key of 2048 bits or more for RS256, and announce RS256 in id_token_signing_alg_values_supported."},
		{resourceEqual, Error, "RFC 9728 §3.3", "Set resource to the URL from which the path of the document is made."},
		{resourceServer, Warning, "RFC 9728 §2", "List the issuer in authorization_servers."},
	}
}
