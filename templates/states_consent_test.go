package templates_test

const (
	scopeUser = "Read your username, email address, names, roles and authorized apps. Identify you to services that accept Gatehouse tokens. user"
	longName  = "Northwind Continental Shipping & Receiving Department Notes 2026"
)

func consentStates() map[string][]check {
	noNotice := absent(".notice")
	toHost := see(".receiver h2", "If you allow it, access goes to")
	return map[string][]check{
		"consent": {
			see("title", "Acme Notes asks for access · Gatehouse"),
			see("h1", "Acme Notes asks for access to your account"),
			see("h1 bdi", "Acme Notes"),
			see(".who", "You're signed in as Ada Lovelace (ada). Not you?"),
			see(".who a@href", "/login?redirect_to=%2Foauth%2Fauthorize"),
			toHost, see(".receiver .host", "notes.example.com"), absent(".receiver p:not(.host)"),
			see("main h2", "If you allow it, access goes to", "What the app can do", "How long the app keeps access"),
			see(".scopes li", scopeUser),
			absent(".tag"), noNotice, see(".consent > p:not(.who, .fine)", "Until you revoke it, or until the app has not used it for 30 days."),
			seePart("main form@action", "/oauth/authorize?response_type=code&client_id=guyp48wbq5einxhjsdo7kzrt6m&state="),
			see("main button", "Deny", "Allow"),
			see(".icon img@src", "http://localhost:8070/icon.svg"),
			see(".icon img@referrerpolicy", "no-referrer"),
			see(".icon span", "A"),
			see("main .fine", "Homepage notes.example.com (opens in a new tab) Client ID guyp48wbq5einxhjsdo7kzrt6m"),
			see("main .fine a@href", "https://notes.example.com"),
			see("main .fine a@rel", "noreferrer noopener"),
		},
		"consent-broken-icon": {
			see(".icon img@src", "http://localhost:8070/broken.png"),
			see(".icon img@data-letter", "C"),
			see(".icon span", "C"),
			see(".icon@aria-hidden", "true"),
		},
		"consent-loopback": {
			see(".receiver h2", "If you allow it, a program on this computer gets access"),
			see(".receiver .host", "127.0.0.1:53211"),
			see(".receiver p:not(.host)", "Continue only if you just started to sign in from a program that you run yourself."),
			see(".notice.warn", "This app registered itself. Its name and homepage are not verified. Continue only if you just started this sign-in yourself."),
			see(".consent > p:not(.who, .fine)", "For 1 day after each sign-in, or until you revoke it."),
			absent(".icon img"),
		},
		"consent-private-scheme": {
			see(".receiver h2", "If you allow it, an app on this device gets access"),
			see(".receiver .host", "com.example.tasks:"), noNotice,
			see(".receiver p:not(.host)", "The app on this device that opens these links gets access. Continue only if you just started to sign in from that app."),
		},
		"consent-dynamic": {
			see("h1", "Acme Notes — verified ✓ asks for access to your account"), toHost, see(".receiver .host", "xn--acm-hoa.example"),
			absent(".receiver p:not(.host)"),
			see(".notice.warn", "This app registered itself. Its name and homepage are not verified. Continue only if you trust the address above."),
			absent(".icon img"), see("main .fine", "Client ID 6ue718htg5of4xr3qdapnzcbsm"), absent("main .fine a"),
		},
		"consent-implicit": {
			see(".notice.warn", "This app uses the implicit grant. Its access token passes through your browser, where it can leak more easily. The developer of the app should use the code flow with PKCE instead."),
		},
		"consent-long": {
			see("h1 bdi", longName),
			see(".receiver .host", "shipping.continental.northwind.a-very-long-subdomain-for-no-good-reason.example.com:8443"),
			see(".who b", "Maximiliana Theodora Wilhelmina von Hohenzollern-Sigmaringen-Wittelsbach"),
			see("main .fine a", "shipping.continental.northwind.example.com (opens in a new tab)"),
		},
		"consent-one-word": {
			see("h1 bdi", "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbe"),
			see(".receiver .host", "example.at"),
			absent(".icon img"),
			see(".icon span", "D"),
		},
		"consent-rtl": {
			see("h1 bdi", "ملاحظات الفريق اليومية"),
			see(".who bdi", "ليلى الأحمد", "layla"),
			see(".receiver .host", "notes.example.ae"),
			see(".receiver .host@dir", "ltr"),
			see(".icon span", "م"),
		},
		"consent-resource": {
			see("h1", "Acme Notes asks for more access to your account"),
			see(".resource .host", "mcp.example.com:8443"),
			see(".resource .tag", "New"),
			absent(".scopes .tag"),
		},
		"consent-many-scopes": {
			see(".scopes.many@tabindex", "0"),
			see(".scopes.many@aria-label", "What the app can do"),
			see(".resource .host", "urn:example:files"),
			absent(".tag"),
		},

		"open-app": {
			see("h1", "Return to Tasks"),
			see("main p", "You're done here. Your browser now opens the app on this device.", "When the app is open, you can close this tab.", "Open the app again"),
			see("main a.button@href", "com.example.tasks:/oauth?code=gthc_0123456789&state=af0ifjsldkj"),
			see("meta[http-equiv=refresh]@content", "0;url=com.example.tasks:/oauth?code=gthc_0123456789&state=af0ifjsldkj"),
		},
		"open-app-denied": {
			see("main p", "The app gets an error instead of access. Your browser now opens the app on this device.", "When the app is open, you can close this tab.", "Open the app again"),
		},
		"form-post-private-scheme": {
			see("h1", "Return to the app"),
			see("main p", "Your browser returns to the app on this device. If nothing happens, press Continue."),
			see("main form@action", "com.example.tasks:/oauth"),
			see("main input[type=hidden]@name", "code"),
			see("main button", "Continue"),
			absent("nav"),
		},
	}
}
