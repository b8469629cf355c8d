package templates

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"gatehouse"
)

// Lifetime says how long d is in the largest units that fit: "1 hour",
// "30 days", "1 hour 30 minutes".
func Lifetime(d time.Duration) string {
	var parts []string
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := d / unit.length; n > 0 {
			parts = append(parts, count(int64(n), unit.name))
			d -= n * unit.length
		}
	}
	if len(parts) == 0 {
		return "0 seconds"
	}
	return strings.Join(parts, " ")
}

// DescribeScope says in words what a scope lets an app do. The only one with a
// meaning of ours is the default (C 2.6); for the others the app's own word is
// shown as such.
func DescribeScope(scope string) string {
	if scope == gatehouse.DefaultScope {
		return "Act as you: read and change everything that you can."
	}
	return "“" + scope + "”, as the app defines it."
}

// count is a number with its noun: "1 app", "2 apps".
func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatInt(n, 10) + " " + noun + "s"
}

// people counts people.
func people(n int64) string {
	switch n {
	case 0:
		return "nobody"
	case 1:
		return "1 person"
	}
	return strconv.FormatInt(n, 10) + " people"
}

// date is a day, "2 March 2026"; all times are in UTC.
func date(t time.Time) string { return t.UTC().Format("2 January 2006") }

// dateTime is a minute, "2 Mar 2026, 15:04 UTC".
func dateTime(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 UTC") }

// machineTime is the datetime attribute of a time.
func machineTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// device guesses from a user agent what somebody would call the thing: "Firefox
// on Windows". It is a help for the memory, no more; the order of the lists
// matters, since browsers pretend to be each other.
func device(userAgent string) string {
	find := func(marks [][2]string) string {
		for _, m := range marks {
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
		return browser + " on " + system
	case browser+system != "":
		return browser + system
	}
	if userAgent = visible(userAgent); userAgent != "" {
		if runes := []rune(userAgent); len(runes) > 40 {
			return string(runes[:40]) + "…"
		}
		return userAgent
	}
	return "An unknown device"
}

// eventText says what was tried; the outcome stands beside it. An event of a newer version keeps its name.
func eventText(e gatehouse.AuditEvent) string {
	text, ok := map[string]string{
		gatehouse.AuditAuthorizeApp:       "Authorise an app",
		gatehouse.AuditDenyApp:            "Deny an app",
		gatehouse.AuditDeauthorizeApp:     "Revoke an app",
		gatehouse.AuditCreateApp:          "Register an app",
		gatehouse.AuditUpdateApp:          "Change an app",
		gatehouse.AuditDeleteApp:          "Delete an app",
		gatehouse.AuditRegenerateSecret:   "Regenerate a client secret",
		gatehouse.AuditRegisterClient:     "Client registers itself",
		gatehouse.AuditCodeReplayed:       "Authorization code used again",
		gatehouse.AuditRefreshTokenReused: "Old refresh token used again",
		gatehouse.AuditLogin:              "Sign in",
		gatehouse.AuditLogout:             "Sign out",
		gatehouse.AuditRevokeSessions:     "Sign out other sessions",
		gatehouse.AuditCreateUser:         "Create a user",
		gatehouse.AuditUpdateUserActive:   "Activate or deactivate a user",
		gatehouse.AuditUpdateUserRoles:    "Change a user’s role",
		gatehouse.AuditUpdatePassword:     "Change a password",
		gatehouse.AuditUpdateSetting:      "Change a setting",
		gatehouse.AuditSystemSetUp:        "Set up the gateway",
	}[e.Event]
	if !ok {
		return e.Event
	}
	return text
}

// errorTitle is the heading of an error page.
func errorTitle(p ErrorPage) string {
	if p.Title != "" {
		return p.Title
	}
	switch p.Status {
	case http.StatusNotFound:
		return "There is nothing here"
	case http.StatusForbidden:
		return "You may not do that"
	case http.StatusServiceUnavailable:
		return "Please try again in a moment"
	case http.StatusNotImplemented:
		return "OAuth 2.0 applications are turned off"
	}
	if p.Status >= http.StatusInternalServerError {
		return "Something went wrong on our side"
	}
	return "This request cannot be answered"
}
