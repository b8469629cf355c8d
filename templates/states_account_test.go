package templates_test

const (
	graceHome  = "Hello, grace.hopper"
	manageApps = "Review and revoke apps, sign out of other sessions and change your password."
)

// accountStates are the states of sign-in, the home page, errors and Settings > Security.
func accountStates() map[string][]check {
	noNotice := absent(".notice")
	noMenu := absent("nav, .whoami")
	return map[string][]check{
		"login": {
			see("title", "Sign in · Gatehouse"), see("h1", "Sign in"), noNotice, noMenu, absent("main p"),
			see("main form@action", "/login"),
			see("main form@method", "post"),
			see("main input@name", "login_id", "password"),
			see("#login_id@value", ""),
			see("[autofocus]@id", "login_id"),
			absent("[aria-invalid]"),
			see("main button", "Sign in"),
		},
		"login-again": {
			see("h1", "Confirm it's you"),
			see("main p", "You're signed in as ada. Enter your password to continue."), noNotice,
			see("main input@name", "redirect_to", "login_id", "password"),
			see("[name=redirect_to]@value", "/settings/security"),
			see("#login_id@value", "ada"), see("[autofocus]@id", "password"), see("main button", "Continue"),
		},
		"logout-app": {
			see("h1", "Sign out?"), see("main strong bdi", "Acme Notes"), see("main form@action", "/oauth/logout?id_token_hint=e30"), see("main button", "Sign out"),
			see("main p", "Acme Notes asks to sign you out of Gatehouse.", "You need your password to sign in again. Apps that you authorized keep their access."),
		},
		"setup": {
			see("h1", "Set up Gatehouse"),
			see("main form@action", "/setup"),
			see("main input@name", "token", "username", "email", "password"),
			noNotice, noMenu, absent(".error, [aria-invalid]"), see("#username@value", ""), absent(".optional"), see("main button", "Create System Admin"),
		},
		"logout-failed": {
			see(".notice.bad p", "The database cannot be reached at the moment. Please try again in a few seconds.", "Request 3579bdf8jmpxtuiz3579bdf8jm"),
			see(".notice.bad@role", "alert"), see("h1", "Sign out?"),
		},
		"home-user": {
			see("h1", graceHome),
			see("main h1 bdi", "grace.hopper"), noNotice, see(".menu a@href", "/settings/security"),
			absent(".menu [aria-current]"),
			see(".way a@href", "/settings/security"),
			see(".way p", "You have not authorized any apps.", manageApps),
			see(".whoami-name", "Signed in as grace.hopper"),
		},
		"home-off-admin": {
			see(".notice", "OAuth 2.0 applications are turned off, so apps can't sign users in. Turn them on in the console."),
			see(".notice a@href", "/console"),
			see(".way a@href", "/settings/security", "/integrations/oauth2-apps", "/console"),
		},
		"home-off-user": {
			see("h1", graceHome),
			see(".notice", "OAuth 2.0 applications are turned off, so apps can't sign you in. A System Admin can turn them on. You can still revoke the apps that you authorized."),
			absent(".notice a"),
			see(".way p", "You have authorized 1 app.", manageApps),
		},
		"home-rtl": {
			see("h1 bdi", "ليلى الأحمد"),
			see(".whoami-name bdi", "ليلى الأحمد"),
			seePart(".way p", "1 app", "", "Register an app"),
		},
		"home-long": {
			see("h1 bdi", "Maximiliana Theodora Wilhelmina von Hohenzollern-Sigmaringen-Wittelsbach"),
			see(".whoami-name@title", "Maximiliana Theodora Wilhelmina von Hohenzollern-Sigmaringen-Wittelsbach"),
		},
		"error-app": {
			see("h1", "The app sent a wrong request"),
			see("dt", "App", "Redirect URI that was sent"),
			see("dd", "Acme Notes", "https://notes.example.com/old-callback"),
			see("main p:not(.message, .fine)", "Only the developer of the app can correct this. Show this page to the developer.", "Go to notes.example.com"),
			see("main a", "Go to notes.example.com"), see("main a@href", "https://notes.example.com/"), see("main a@rel", "noreferrer noopener"),
			noNotice,
		},
		"error-app-self-registered": {
			see("dt", "The app calls itself", "Redirect URI that was sent"),
			see("dd", "Your account is locked, call 555-0100", "Your%20account%20is%20locked.%20Please%20call%20%E2%80%AE555-0100."),
			see(".notice.warn", "This app registered itself. Its name is not verified."),
			see("main a@href", "/"), see("main a", "Go to the start page"), absent("main a[rel]"),
		},
		"error-app-long": {
			seePart("dd", "Donaudampfschifffahrt", "…"), see("main a@href", "/"),
		},
		"error-app-without-uri": {
			see("h1", "OAuth 2.0 applications are turned off"), see("dt", "App"), see("dd", "Unnamed application"),
		},
		"error-no-access": {
			see("h1", "You can't use this app"), seePart(".message", "Ask a System Admin of this server for access."),
			see("dd", "Acme Notes"), see("main p:not(.message, .fine)", "Sign in as another user"),
			see("main a@href", "/login?prompt=select_account"), see("main .fine", "Status 403 · Request dmu5dmu5dmu5dmu5dmu5dmu5dm"),
		},
		"error-not-found": {
			see("title", "Page not found · Gatehouse"),
			see("h1", "Page not found"),
			see(".message", "The application does not exist or was deleted."),
			see("main a.button", "All applications"), see("main a.button@href", "/integrations/oauth2-apps"),
			see("main .fine", "Status 404 · Request mmmmmmmmmmmmmmmmmmmmmmmmmm"),
			see(".menu a@href", "/integrations/oauth2-apps", "/settings/security", "/console"),
		},
		"error-unavailable": {
			see("h1", "Try again in a moment"),
			see("main a.button", "Go to the start page"),
			see("main a.button@href", "/"), noMenu,
			see("main .fine", "Status 503 · Request 1uwisza345h769ybndrfg8ejkm"),
		},
		"error-provider-off": {
			see("h1", "OAuth 2.0 applications are turned off"),
			see(".message", "A System Admin can turn them on."),
			see("main a.button", "Go to the start page"), see("main a.button@href", "/"),
			see("main .fine", "Status 501"),
		},
		"error-long": {
			see("h1", "Something went wrong"),
			seePart(".message", "maximilian1234long-addresslong-address"),
			see("main a.button@href", "/"),
		},

		"security-empty": {
			see("h2", "OAuth 2.0 applications", "Where you are signed in", "Change your password"),
			see(".empty", "You have not authorized any apps."),
			absent(".empty a"),
			see(".row h3", "Firefox on Linux This device"),
			see(".row .fine", "Signed in on 1 Jun 2026, 09:41 UTC · Last seen on 4 Jun 2026, 09:41 UTC · IP address 192.0.2.7"),
			absent(".row form, .pager"),
			see("main form@action", "/settings/security/password#problems"), noNotice,
			see("main form input@name", "username", "current_password", "new_password"),
			see("input[name=username][hidden]@value", "grace.hopper"),
			see("[aria-current]", "Security"),
		},
		"security-off": {
			see("h2", "OAuth 2.0 applications", "Where you are signed in", "Change your password"),
			see("[aria-labelledby=apps-title] .lead", "OAuth 2.0 applications are turned off, so apps get no new codes or tokens. Tokens that they already have work until they expire. You can still revoke the apps that you authorized."),
			absent(".empty"),
			see("[aria-labelledby=sessions-title] .row h3", "Firefox on Linux This device"),
		},
		"security-past-the-end": {
			see(".empty", "There are no apps on this page. Go to the first page."),
			see(".empty a@href", "/settings/security"),
			see(".pager", "Previous Page 9"),
			see(".pager a@href", "/settings/security?page=8"),
		},
		"security-many": {
			seePart("section:first-of-type .row h3", manyTexts("Application", 200)...),
			seePart(".row .button", manyTexts("Revoke Application", 200)...),
			see(".pager", "Previous Page 3 Next"),
			see(".pager a@href", "/settings/security?page=2", "/settings/security?page=4"),
			see("form.actions@action", "/settings/security/sign-out-elsewhere"),
			see("form.actions button", "Sign out everywhere else"),
		},
		"security-errors": {
			see("#problems h2", "There are 2 problems"),
			see("#problems a", "This is not your current password.", "The password must have at least 8 characters."),
			see("#problems a@href", "#current_password", "#new_password"),
			see("#current_password-error", "This is not your current password."),
			see("[aria-invalid]@id", "current_password", "new_password"),
			absent("input[type=password]@value"),
			see(".row h3", "Firefox on Linux This device"),
		},
	}
}

// manyTexts returns n copies of a text.
func manyTexts(text string, n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = text
	}
	return texts
}
