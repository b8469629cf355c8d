package templates_test

const gracePath = "/console/users/qua7n8cts5yfkxw36dep1zhbgm"

func consoleStates() map[string][]check {
	noNotice := absent(".notice")
	needsProvider := "This has no effect until “OAuth 2.0 service provider” is on."
	tabs := see(".tabs a@href", "/console", "/console/users", "/console/groups", "/console/keys", "/console/audit")
	return map[string][]check{
		"console-off": {
			see("h1", "Settings"), tabs, see(".tabs [aria-current]", "Settings"), noNotice, absent(".error, .locked, [disabled]"),
			see("main form@action", "/console"),
			see("main h2", "OAuth 2.0 applications", "Self-registered apps", "Token lifetimes"),
			see("legend, .field > label", "OAuth 2.0 service provider", "All users can register apps", "OpenID Connect", "Signature of ID tokens of new apps", "Implicit grant", "Apps that can introspect every token", "Private networks for back-channel logout",
				"Dynamic client registration", "Redirect URI allowlist for dynamic client registration", "Delete unauthorized self-registered apps after", "Delete unused self-registered apps after",
				"Access tokens of confidential apps", "Access tokens of public apps", "Refresh tokens"),
			see("[checked]@name", "enable_oauth_service_provider", "enable_user_app_registration", "enable_openid_connect", "default_id_token_algorithm", "enable_implicit_grant", "enable_dynamic_client_registration"),
			see("[checked]@value", "false", "false", "true", "RS256", "true", "false"),
			see(".measure input@value", "168h", "2160h", "1h", "24h", "720h"),
			see(".measure span", "7 days", "90 days", "1 hour", "1 day", "30 days"),
			see("input[name='was.refresh_token_lifetime']@value", "720h0m0s"),
			see(".hint p + p", needsProvider, needsProvider, needsProvider, needsProvider, needsProvider, needsProvider, needsProvider, needsProvider, needsProvider, needsProvider, needsProvider, needsProvider),
			see("textarea@placeholder", "https://*.example.com/**"), see("main button", "Save settings"),
			see("section > .hint", "Enter a duration between one minute and one year, such as 30m, 24h or 720h. Tokens that an app already has keep their lifetime."),
		},
		"console-on": {
			see(".notice[role=status]", "The settings were saved."),
			see("[checked]@value", "true", "false", "true", "RS256", "true", "true"),
			absent(".hint p + p"),
			see("#dcr_redirect_uri_allowlist", "https://*.example.com/**, http://127.0.0.1:*/**"),
			see("input[name='was.dcr_redirect_uri_allowlist']@value", "https://*.example.com/**,http://127.0.0.1:*/**"),
		},
		"console-fixed": {
			see("fieldset[disabled] legend", "OAuth 2.0 service provider", "Dynamic client registration"),
			see("textarea[disabled]@name", "dcr_redirect_uri_allowlist"),
			see("input[disabled]@name", "access_token_lifetime"),
			see("input[disabled]@value", "2h"),
			see(".measure span", "7 days", "90 days", "2 hours", "1 day", "30 days"),
			see(".locked", "Set by the environment variable GATEHOUSE_ENABLE_OAUTH_SERVICE_PROVIDER. You can't change it here.",
				"Set by the environment variable GATEHOUSE_ENABLE_DYNAMIC_CLIENT_REGISTRATION. You can't change it here.", "Set by the environment variable GATEHOUSE_DCR_REDIRECT_URI_ALLOWLIST. You can't change it here.",
				"Set by the environment variable GATEHOUSE_ACCESS_TOKEN_LIFETIME. You can't change it here."),
			see("input[type=hidden]@name", "user_id", "was.enable_user_app_registration", "was.enable_openid_connect", "was.default_id_token_algorithm", "was.enable_implicit_grant", "was.introspection_client_ids", "was.egress_allowed_networks", "was.dcr_unused_lifetime", "was.dcr_idle_lifetime",
				"was.public_access_token_lifetime", "was.refresh_token_lifetime"),
			see("#dcr_redirect_uri_allowlist", "https://*.example.com/**, http://127.0.0.1:*/**"),
		},
		"console-boolean-error": {
			see("#problems h2", "There is a problem"),
			see("#problems a", "“maybe” is neither true nor false."),
			see("#problems a@href", "#enable_implicit_grant"),
			see("fieldset.wrong legend", "Implicit grant"),
			see("fieldset.wrong@aria-describedby", "enable_implicit_grant-hint enable_implicit_grant-error"),
			see(".wrong .error", "“maybe” is neither true nor false."),
		},
		"users-one": {
			see("h1", "Users"), tabs, see(".tabs [aria-current]", "Users"),
			see(".row h2", "Ada Lovelace"),
			see(".row .fine", "ada · ada@example.com"),
			see(".row .tags", "System Admin"),
			absent(".search, .pager, .empty, .notice"),
			see(".head a", "Create user"),
			see(".head a@href", "/console/users/add"),
		},
		"users-many": {
			seePart(".row h2", manyTexts("user.", 300)...),
			see(".search@action", "/console/users"),
			absent(".search a"),
			see(".pager", "Previous Page 2 Next"),
			see(".pager a@href", "/console/users?page=1", "/console/users?page=3"),
			absent(".row .tags"),
		},
		"users-search": {
			see("#search@value", "grace"),
			see(".search a", "Show all"),
			see(".row h2 a", "grace.hopper"),
			see(".row h2 a@href", gracePath),
			see(".pager", "Previous Page 2 Next"),
			see(".pager a@href", "/console/users?page=1&search=grace", "/console/users?page=3&search=grace"),
		},
		"users-no-match": {
			see(".empty", "No username or email contains “<b>zoë</b>”. Show all users."),
			see(".empty a@href", "/console/users"),
			see("#search@value", "<b>zoë</b>"),
			absent(".row, .pager"),
		},
		"users-past-the-end": {
			see(".empty", "There are no users on this page. Go to the first page."),
			see(".empty a@href", "/console/users"),
			see(".pager", "Previous Page 9"),
			see(".pager a@href", "/console/users?page=8"),
		},
		"user-add": {
			see("h1", "Create user"),
			see(".back a@href", "/console/users"),
			see("main form@action", "/console/users/add"),
			see("main input@name", "user_id", "username", "email", "password", "is_admin"),
			absent("[checked], .error, .notice, [aria-invalid], .optional"),
			see(".hint", "Lowercase letters, digits, dots, dashes and underscores.", "At least 8 characters. Send it to the user in a safe way. The user can change it in Security."),
			see(".choice", "System Admin: can change every setting, app and user"),
			see(".actions", "Cancel Create user"),
			see(".actions a@href", "/console/users"),
		},
		"user": {
			see("h1", "grace.hopper"),
			see(".back a@href", "/console/users"),
			see(".tags", "Active"), noNotice,
			see("dt", "Username", "Email", "User ID", "Created", "Authorized apps", "Groups"),
			see("dd", "grace.hopper", "grace@example.com", "qua7n8cts5yfkxw36dep1zhbgm Copy", "11 February 2026", "3", "Grafana Admins Sales"),
			see("dd a@href", "/console/groups/rdnby967h543azsiwu1toxqpcm", "/console/groups/mmmmmmmmmmmmmmmmmmmmmmmmmm"),
			see("#password-title ~ .hint", "The user is signed out everywhere, and every app must sign the user in again."),
			see("main form@action", gracePath+"/password#problems"),
			see("main form input@name", "username", "password"),
			see("[hidden][name=username]@value", "grace.hopper"),
			see("main form button", "Set password"),
			see("h2", "About", "Set a new password", "Role and status"),
			see(".action-list h3", "Promote", "Deactivate"),
			see(".action-list a@href", gracePath+"/promote", gracePath+"/deactivate"),
			see(".action-list p", "The user becomes a System Admin and can change every setting, app and user.", "The user is signed out everywhere and can't sign in. Apps lose access to the account."),
		},
		"user-self": {
			see("h1", "Ada Lovelace"),
			see(".tags li", "System Admin", "Active", "You"),
			see("h2", "About", "Set a new password"),
			absent("main form"),
			absent(".action-list"),
			see("#password-title ~ p", "To change your own password, go to Security."),
			see("#password-title ~ p a@href", "/settings/security"),
		},
		"user-deactivated": {
			see(".notice[role=status]", "The user was deactivated."),
			see(".tags", "Deactivated"),
			see("dt", "Username", "Email", "User ID", "Created", "Deactivated", "Authorized apps", "Groups"),
			see("dd:not(.copyable)", "former", "former@example.com", "9 January 2026", "30 Jun 2026, 09:41 UTC", "0", "None"),
			see(".action-list h3", "Activate"),
			see(".action-list p", "The user can sign in again and doesn't have to authorize apps again."),
			see(".action-list form@action", "/console/users/dmu5dmu5dmu5dmu5dmu5dmu5dm/activate"),
			absent(".action-list a"),
		},
		"user-admin": {
			see(".tags li", "System Admin", "Active"),
			see(".action-list h3", "Demote", "Deactivate"),
			see(".action-list li:first-child p", "The user loses the System Admin role and can't open the console."),
			see(".action-list a@href", gracePath+"/demote", gracePath+"/deactivate"),
		},
		"user-long": {
			see("h1 bdi", "Maximiliana Theodora Wilhelmina von Hohenzollern-Sigmaringen-Wittelsbach"),
			seePart("dd bdi", "maximilian1234", "long-addresslong-address"),
		},
		"user-rtl": {see("h1 bdi", "ليلى الأحمد"), see("dd bdi", "layla", "layla@example.com")},
		"keys-none": {
			see("h1", "Signing keys"), tabs, see(".tabs [aria-current]", "Signing keys"),
			see(".empty", "There are no keys yet. The gateway creates them when an app first needs one."),
			absent("main form, .row"),
		},
		"audit-empty": {
			see("h1", "Audit trail"), tabs, see(".tabs [aria-current]", "Audit trail"),
			see(".empty", "There are no events yet."),
			absent(".pager, .row"),
		},
		"audit-many": {
			see(".row time@datetime", auditTimes(40)...),
			see(".pager", "Older"),
			see(".pager a@href", "/console/audit?before=b5ixjd7ztmf93up8b5ixjd7ztm"),
		},
		"audit-past-the-end": {
			see(".empty", "There are no older events."),
			see(".pager", "Newest"),
			see(".pager a@href", "/console/audit"),
		},
	}
}

// auditTimes returns the times of the events of n copies of the audit fixture.
func auditTimes(n int) []string {
	var times []string
	for range n {
		for _, day := range []string{"28", "27", "26", "25", "24", "23", "22", "21"} {
			times = append(times, "2026-06-"+day+"T09:41:00Z")
		}
	}
	return times
}
