package templates_test

const (
	notesPath = "/integrations/oauth2-apps/guyp48wbq5einxhjsdo7kzrt6m"
)

func appStates() map[string][]check {
	noNotice := see(".notice")
	return map[string][]check{
		"apps-empty": {
			see("h1", "OAuth 2.0 applications"), see(".lead", "All apps that can sign users in through this gateway."), see(".head a@href", "/integrations/oauth2-apps/add"),
			see(".empty", "There are no applications yet Register an application so that it can sign users in. You get its client ID, its secret and configuration that you can copy."),
			see(".search, .pager, .row"), see("[aria-current]", "Applications"),
		},
		"apps-past-the-end": {see(".empty", "There are no applications on this page Go to the first page."), see(".empty a@href", "/integrations/oauth2-apps"), see(".pager", "Previous Page 9"), see("[rel=prev]@href", "/integrations/oauth2-apps?page=8")},
		"apps-no-match": {
			see(".empty", "No application matches “nothing like it” The search compares names and ignores upper and lower case. Show all applications."),
			see("#search@value", "nothing like it"), see(".search a, .empty a", "Show all", "Show all applications."), see(".pager"),
		},
		"apps-one": {
			see(".notice[role=status]", "The application was updated."), see(".lead", "The apps that you registered. Every user can sign in to them."), see(".search@method", "get"), see("#search@value", ""), see(".search a"),
			see(".row h2 a", "Acme Notes"), see(".row h2 a@href", notesPath), see(".clamp", "Shared notes for the whole team, with search and history."),
			see(".row .fine", "Registered by ada on 2 March 2026"), see(".row-facts dd", "1 user", "1 June 2026"), see(".row-facts dt", "Authorized by", "Last used"), see(".pager, .empty, .tags"),
			see("nav.menu a", "Applications", "Security"),
		},
		"apps-many": {
			seePart("li.app h2", manyTexts("Application", 300)...), see(".pager", "Previous Page 2 Next"), see(".pager a@href", "/integrations/oauth2-apps?page=1", "/integrations/oauth2-apps?page=3"),
			see("li.app:nth-of-type(4) .row-facts dd", "No users", "Never"), see("li.app:nth-of-type(6) .fine", "Registered itself on 2 March 2026"), see("li.app:nth-of-type(6) .tags", "Self-registered"), see("li.app:nth-of-type(6) img"),
		},
		"apps-search": {
			see("#search@value", "application & co"), see(".search a", "Show all"), see(".search a@href", "/integrations/oauth2-apps"),
			see(".pager a@href", "/integrations/oauth2-apps?page=1&search=application%20%26%20co", "/integrations/oauth2-apps?page=3&search=application%20%26%20co"),
		},
		"app-add": {
			see("h1", "Register application"), see(".back", "All applications"), see(".back a@href", "/integrations/oauth2-apps"), see("main form@action", "/integrations/oauth2-apps/add"), see("main form@method", "post"),
			see("legend", "Is public client"), see("fieldset[disabled]"), see("[name=is_public][checked]@value", "false"),
			see("label[for]", "Display name", "Description", "Homepage", "Icon URL (optional)", "Callback URLs"), see("#name@maxlength", "64"), see("#description@maxlength", "512"), see("#callback_urls@dir", "ltr"),
			see("#is_public-hint", "Choose yes for an app that can't keep a secret, such as a browser, mobile or desktop app. It gets no secret and must use PKCE. You can't change this later."),
			see("[required]@name", "name", "description", "homepage", "callback_urls"), see("[data-preview-of]@data-preview-of", "icon_url"),
			noNotice, see("main .lead"), see(".error"), see(".actions", "Cancel Register application"), see(".actions a@href", "/integrations/oauth2-apps"),
		},
		"app-add-admin": {
			see("legend", "Is trusted", "Is public client"), see("[checked]@name", "is_trusted", "is_public"), see("[checked]@value", "false", "false"),
			see("#is_trusted-hint", "Users of a trusted app don't see the consent page. Trust only apps that you run yourself."),
		},
		"app-edit": {
			see("title", "Edit Acme Notes · Gatehouse"), see("h1", "Edit application"), see(".back", "Back to the application"), see(".back a, .actions a@href", notesPath, notesPath), see("main form@action", notesPath+"/edit"),
			see("main .lead", "The 212 users who authorized this app see your changes immediately."), see("fieldset[disabled] legend", "Is public client"), see("#is_public-hint", "You can't change this. Register another app instead."),
			see("main input[type=text], main input[type=url]@value", "Acme Notes", "Shared notes for the whole team.", "https://notes.example.com", "http://localhost:8070/icon.svg"),
			see("textarea", "https://notes.example.com/api/auth/callback/mattermost http://localhost:3000/api/auth/callback/mattermost"),
			noNotice, see(".actions", "Cancel Save changes"), see("[name=confirm_callbacks]"),
		},
		"app-edit-callbacks": {
			see(".notice[role=alert] h2", "Confirm the new callback URLs"), see(".notice p", "The app stops working if it still uses a callback URL that you removed."),
			see(".notice label", "Change the callback URLs"), see("[name=confirm_callbacks]@value", "true"), see("[name=confirm_callbacks][checked]"),
			see("main .lead", "The user who authorized this app sees your changes immediately."),
		},
		"app-edit-conflict": {
			see("#problems h2", "There is a problem"), see("#problems li", "Another user changed this app. Check it and repeat your change."), see("#problems a"),
			see("legend", "Is public client"), see("main .lead"), see(".field .error"), see("#name@value", "Acme Notes"),
		},
		"app-edit-rtl": {see("#name@value", "ملاحظات الفريق اليومية"), see("#name@dir", "auto"), see("#homepage@dir", "ltr"), see("textarea", "https://notes.example.ae/callback")},
		"app-created-public": {
			see("title", "Application Pocket Tasks was registered · Gatehouse"), see("h1", "Application Pocket Tasks was registered"), see(".tags", "Public client"),
			see(".lead", "Copy the client ID to the configuration of the app. A public client has no secret and must use PKCE."), noNotice, see("#client-id", "p5jzfubx7m38idt9p5jzfubx7m"), see("#client-secret"),
			see(".codes code", "com.example.tasks:/oauth"), see("summary", "golang.org/x/oauth2"), see("details[open] summary", "golang.org/x/oauth2"), see(".actions", "Done"), see(".actions a@href", "/integrations/oauth2-apps/p5jzfubx7m38idt9p5jzfubx7m"),
		},
		"app-regenerated": {
			see("title", "New client secret for Acme Notes · Gatehouse"), see("h1", "New client secret for Acme Notes"), see(".lead", "The previous secret no longer works. Copy the new secret to the configuration of the app."),
			see(".notice.warn", "Copy the secret now. It's stored only as a hash, so it can't be shown again. If you lose it, regenerate it."), see("#client-secret", "zm9u85xdzm9u85xdzm9u85xdzm"),
			see("dt", "Client ID", "Client secret", "Callback URLs"), see("dl:not(:has(div))"), see("summary", "Auth.js", "golang.org/x/oauth2", "curl", "Zapier"), seePart("#snippet-0", "zm9u85xdzm9u85xdzm9u85xdzm"),
		},
		"app-dynamic": {
			see("h1", "Code Companion"), see(".tags", "Public client Self-registered"), see(".lead"), see(".icon img"),
			see("#keys-title ~ dl dt", "Client ID", "Client type", "Client secret", "Callback URLs"), see("#keys-title ~ dl dd", "5m5m5m5m5m5m5m5m5m5m5m5m5m Copy", "Public", "None. A public client uses PKCE instead.", "http://127.0.0.1/callback Copy"),
			see("#about-title ~ dl dt", "Homepage", "Registered on", "Registered by", "Authorized by", "Last used", "Consent", "Access token lifetime", "Refresh token lifetime"),
			see("#about-title ~ dl dd", "https://companion.example.dev (opens in a new tab)", "14 May 2026", "The app itself", "No users", "Never", "Users are asked the first time, and again when the app asks for more.", "1 day", "This app gets no refresh token."),
			see("main h2", "Client configuration", "About", "Actions"), see("dl:empty, dl:not(:has(div))"), see("summary"), see(".action-list h3", "Delete the application"), see(".action-list a@href", "/integrations/oauth2-apps/5m5m5m5m5m5m5m5m5m5m5m5m5m/delete"),
		},
		"app-creator-gone": {
			see("#about-title ~ dl dt", "Registered on", "Authorized by", "Last used", "Consent", "Refresh token lifetime"), see("main h2", "Client configuration", "About", "Actions"), see(".lead"),
			see("#about-title ~ dl dd", "2 March 2026", "No users", "Never", "Users of this trusted app are not asked for consent.", "This app gets no refresh token."),
		},
		"app-created-plain": {see("main h2", "Client configuration"), see("dl:not(:has(div))"), see("summary"), see(".tags", "Trusted")},
		"app-imitating":     {see("h1", "Acme Notes — verified ✓"), see("main a[target]"), see("#about-title ~ dl div:first-child", "Homepage javascript:alert(document.domain)")},
		"app-long": {
			see("h1", longName), seePart(".lead", "A description can have up to 512 characters"), seePart("#about-title ~ dl a@href", "https://shipping.continental.northwind.example.com/departments/"), seePart(".codes code", "/oauth/oauth/callback"),
			seePart("#about-title ~ dl dd", "https://", "15 May 2026", "maximilianmaximilian", "212 users", "3 June 2026", "Users are asked", "1 hour", "30 days after the last use"), see(".action-list h3", "Regenerate the client secret", "Delete the application"),
		},
		"app-rtl": {see("h1 bdi", "ملاحظات الفريق اليومية"), see(".lead@dir", "auto"), see("title", "ملاحظات الفريق اليومية · Gatehouse"), seePart("#about-title ~ dl dd bdi", "https://notes.example.ae", "layla")},
	}
}

func confirmStates() map[string][]check {
	common := func(title string, bodyAndButton ...check) []check {
		return append(bodyAndButton, see("title", title+" · Gatehouse"), see("h1", title), see("main form@action", notesPath+"/delete"), see("main form@method", "post"),
			see("main form a", "Cancel"), see("main form a@href", notesPath), see("main input[type=hidden]@name", "from"), see("main input[type=hidden]@value", "list"))
	}
	const permanent = "You can't undo this. If you register the app again, it gets a new client ID."
	const stops, current, shown = "Its client ID, secret, codes and tokens stop working.", "The current secret stops working immediately.", "The next page shows the new secret once."
	const expire = "Access tokens that the app already has work until they expire."
	applications, security, console := see("[aria-current]", "Applications"), see("[aria-current]", "Security"), see("[aria-current]", "Console")
	return map[string][]check{
		"confirm-delete-app-one": common("Delete Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbe?",
			see(".plain li", "1 user authorized this app. It stops working for this user immediately.", stops, permanent), see("button.danger", "Delete application")),
		"confirm-delete-app-unused": common("Delete ملاحظات الفريق اليومية?", see(".plain li", "No user has authorized this app.", stops, permanent)),
		"confirm-regenerate-secret": common("Regenerate the client secret of Acme Notes?", applications, see("button.danger", "Regenerate secret"),
			see(".plain li", current, "The app can't sign users in or refresh tokens until it has the new secret. This affects 212 users who authorized the app.", expire, shown)),
		"confirm-regenerate-secret-one": common("Regenerate the client secret of Acme Notes?",
			see(".plain li", current, "The app can't sign users in or refresh tokens until it has the new secret. This affects 1 user who authorized the app.", expire, shown)),
		"confirm-regenerate-secret-unused": common("Regenerate the client secret of Acme Notes?",
			see(".plain li", current, "The app can't sign users in or refresh tokens until it has the new secret.", expire, shown)),
		"confirm-revoke-app": common("Revoke the access of Acme Notes?", security, see("button.danger", "Revoke access"),
			see("main p", "The app loses access to your account immediately. Its codes and tokens stop working.", "You can allow the app again when it asks.")),
		"confirm-revoke-trusted-app": common("Revoke the access of Company wiki?", see("button.danger", "Revoke access"),
			see("main p", "The app loses access to your account immediately. Its codes and tokens stop working.", "A System Admin trusts this app. It gets access again without asking you when you sign in to it.")),
		"confirm-deactivate-user": common("Deactivate grace.hopper?", console, see("button.danger", "Deactivate user"),
			see(".plain li", "The user is signed out everywhere and can't sign in.", "Apps lose access to the account immediately.", "Apps that the user registered keep working.", "You can activate the user again later.")),
		"confirm-promote-user": common("Make grace.hopper a System Admin?", console, see("button.primary", "Promote user"), see("main p", "A System Admin can change every setting, app and user, including you.")),
		"confirm-demote-user":  common("Remove the System Admin role from grace.hopper?", console, see("button.danger", "Demote user"), see("main p", "The user stays signed in and loses access to the console immediately.")),
	}
}
