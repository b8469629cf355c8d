package templates

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"gatehouse"
)

// plural returns one if n is 1, and otherwise other with n in place of %d. Each
// form is a whole phrase, so that a translator never has to build a plural.
func plural(n int64, one, other string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf(other, n)
}

// Lifetime returns d in words, in the largest units that fit: "1 hour",
// "30 days", "1 hour 30 minutes". It drops fractions of a second.
func Lifetime(d time.Duration) string {
	var units []string
	for _, unit := range []struct {
		length     time.Duration
		one, other string
	}{
		{24 * time.Hour, "1 day", "%d days"},
		{time.Hour, "1 hour", "%d hours"},
		{time.Minute, "1 minute", "%d minutes"},
		{time.Second, "1 second", "%d seconds"},
	} {
		if n := d / unit.length; n > 0 {
			units = append(units, plural(int64(n), unit.one, unit.other))
			d -= n * unit.length
		}
	}
	if len(units) == 0 {
		return "0 seconds"
	}
	return strings.Join(units, " ")
}

// ConsentLifetime returns the sentence of the consent page that says how long an
// app keeps its access. d is the lifetime of the refresh token since its last use
// if the app gets one, and otherwise the lifetime of the access token.
func ConsentLifetime(d time.Duration, hasRefreshToken bool) string {
	if hasRefreshToken {
		return fmt.Sprintf("Until you revoke it, or until the app has not used it for %s.", Lifetime(d))
	}
	return fmt.Sprintf("For %s after each sign-in, or until you revoke it.", Lifetime(d))
}

// DescribeScope returns a sentence that says what a scope allows an app to do.
// The default scope (C 2.6) is the only one that Gatehouse knows. With a token, an
// app can read the user's own account and apps, and it can show the token to other
// services; it cannot change anything here. Pages show the name of the scope beside
// the sentence.
func DescribeScope(scope string) string {
	if scope == gatehouse.DefaultScope {
		return "Read your username, email address, names, roles and authorized apps. Identify you to services that accept Gatehouse tokens."
	}
	switch scope {
	case gatehouse.ScopeOpenID:
		return "Recognize you when you sign in with Gatehouse."
	case gatehouse.ScopeProfile:
		return "Read your name, nickname, username and language."
	case gatehouse.ScopeEmail:
		return "Read your email address."
	case gatehouse.ScopeGroups:
		return "See the groups that you are in."
	case gatehouse.ScopeOfflineAccess:
		return "Keep its access while you don't use the app."
	}
	return "Use a permission that the app defines."
}

// userCount returns a number of users: "No users", "1 user", "212 users".
func userCount(n int64) string {
	if n == 0 {
		return "No users"
	}
	return plural(n, "1 user", "%d users")
}

// date returns the day of t in UTC: "2 March 2026".
func date(t time.Time) string { return t.UTC().Format("2 January 2006") }

// dateTime returns the minute of t: "2 Mar 2026, 15:04 UTC".
func dateTime(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 UTC") }

// machineTime returns t for the datetime attribute of a <time> element.
func machineTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// device returns a name for the device that sent a user agent: "Firefox on
// Windows". The name is a guess that helps the user to recognize a session. The
// order of the lists matters, because browsers include each other's names.
func device(userAgent string) string {
	find := func(names [][2]string) string {
		for _, m := range names {
			if strings.Contains(userAgent, m[0]) {
				return m[1]
			}
		}
		return ""
	}
	browser := find([][2]string{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS", "Firefox"},
		{"CriOS", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
	})
	system := find([][2]string{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"CrOS", "ChromeOS"},
		{"Mac OS X", "Mac"}, {"Linux", "Linux"},
	})
	switch {
	case browser != "" && system != "":
		return fmt.Sprintf("%s on %s", browser, system)
	case browser+system != "":
		return browser + system
	}
	if userAgent = visible(userAgent); userAgent != "" {
		if runes := []rune(userAgent); len(runes) > 40 {
			return string(runes[:40]) + "…"
		}
		return userAgent
	}
	return "Unknown device"
}

// eventText returns what an event attempted; the page shows the outcome beside it.
// An event that this version does not know is returned under its own name.
func eventText(e gatehouse.AuditEvent) string {
	text, ok := map[string]string{
		gatehouse.AuditAuthorizeApp:         "Authorize an app",
		gatehouse.AuditDenyApp:              "Deny an app",
		gatehouse.AuditDeauthorizeApp:       "Revoke an app",
		gatehouse.AuditCreateApp:            "Register an app",
		gatehouse.AuditUpdateApp:            "Change an app",
		gatehouse.AuditDeleteApp:            "Delete an app",
		gatehouse.AuditRegenerateSecret:     "Regenerate a client secret",
		gatehouse.AuditRegisterClient:       "Register an app dynamically",
		gatehouse.AuditCodeReplayed:         "Replay an authorization code",
		gatehouse.AuditRefreshTokenRepeated: "Previous refresh token used again",
		gatehouse.AuditRefreshTokenReused:   "Reuse a refresh token",
		gatehouse.AuditLogin:                "Sign in",
		gatehouse.AuditLogout:               "Sign out",
		gatehouse.AuditRevokeSessions:       "Sign out other sessions",
		gatehouse.AuditCreateUser:           "Create a user",
		gatehouse.AuditUpdateUser:           "Change a user's names or email",
		gatehouse.AuditDeleteUser:           "Delete a user",
		gatehouse.AuditUpdateUserActive:     "Activate or deactivate a user",
		gatehouse.AuditUpdateUserRoles:      "Change a user's role",
		gatehouse.AuditUpdatePassword:       "Change a password",
		gatehouse.AuditCreateGroup:          "Create a group",
		gatehouse.AuditUpdateGroup:          "Change a group",
		gatehouse.AuditDeleteGroup:          "Delete a group",
		gatehouse.AuditAddGroupMember:       "Add a user to a group",
		gatehouse.AuditRemoveGroupMember:    "Remove a user from a group",
		gatehouse.AuditUpdateAppAccess:      "Change who can use an app",
		gatehouse.AuditUpdateSetting:        "Change a setting",
		gatehouse.AuditSystemSetUp:          "Set up the gateway",
		gatehouse.AuditCreateSigningKey:     "Create a signing key",
		gatehouse.AuditRotateSigningKey:     "Rotate a signing key",
		gatehouse.AuditWithdrawSigningKey:   "Withdraw a signing key",
	}[e.Event]
	if !ok {
		return e.Event
	}
	return text
}

// errorTitle returns the heading of an error page: its Title, or a heading for its Status.
func errorTitle(p ErrorPage) string {
	if p.Title != "" {
		return p.Title
	}
	switch p.Status {
	case http.StatusNotFound:
		return "Page not found"
	case http.StatusForbidden:
		return "You don't have permission"
	case http.StatusServiceUnavailable:
		return "Try again in a moment"
	case http.StatusNotImplemented:
		return "OAuth 2.0 applications are turned off"
	}
	if p.Status >= http.StatusInternalServerError {
		return "Something went wrong"
	}
	return "This request isn't valid"
}
