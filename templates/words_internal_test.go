package templates

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
)

func TestLifetimeUsesTheLargestUnits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Hour:                  "1 hour",
		24 * time.Hour:             "1 day",
		30 * 24 * time.Hour:        "30 days",
		90 * time.Minute:           "1 hour 30 minutes",
		25*time.Hour + time.Second: "1 day 1 hour 1 second",
		0:                          "0 seconds",
	} {
		require.Equal(t, want, Lifetime(d))
	}
}

func TestShortDurationHasNoZeroUnits(t *testing.T) {
	for long, short := range map[string]string{"720h0m0s": "720h", "1h30m0s": "1h30m", "30m0s": "30m", "10h10m0s": "10h10m", "1m30s": "1m30s", "20m0s": "20m"} {
		require.Equal(t, short, shortDuration(long))
		a, err := time.ParseDuration(long)
		require.NoError(t, err)
		b, err := time.ParseDuration(short)
		require.NoError(t, err)
		require.Equal(t, a, b)
	}
}

func TestDeviceNamesBrowserAndSystem(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                                  "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0":           "Edge on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36":                            "Chrome on Android",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15":                   "Safari on Mac",
		"curl/8.14.1":    "curl",
		"Backup robot/1": "Backup robot/1",
		"":               "Unknown device",
		"\u202e\u200b":   "Unknown device",
		"0123456789012345678901234567890123456789 and more": "0123456789012345678901234567890123456789…",
	} {
		require.Equal(t, want, device(agent))
	}
}

func TestConsentLifetime(t *testing.T) {
	require.Equal(t, "Until you revoke it, or until the app has not used it for 30 days.", ConsentLifetime(30*24*time.Hour, true))
	require.Equal(t, "For 1 day after each sign-in, or until you revoke it.", ConsentLifetime(24*time.Hour, false))
}

// The scope "user" is the default. With a token an app can read, and it can change
// nothing.
func TestDescribeScope(t *testing.T) {
	require.Equal(t, "Read your username, email address, names, roles and authorized apps. Identify you to services that accept Gatehouse tokens.", DescribeScope("user"))
	require.Equal(t, "Use a permission that the app defines.", DescribeScope("files:write"))
}

func TestNumbersOfUsers(t *testing.T) {
	for n, want := range map[int64]string{0: "No users", 1: "1 user", 2: "2 users", 212: "212 users"} {
		require.Equal(t, want, userCount(n))
	}
}

func TestErrorPagesWithoutATitleHaveTheTitleOfTheirStatus(t *testing.T) {
	for status, want := range map[int]string{
		http.StatusNotFound:            "Page not found",
		http.StatusForbidden:           "You don't have permission",
		http.StatusServiceUnavailable:  "Try again in a moment",
		http.StatusNotImplemented:      "OAuth 2.0 applications are turned off",
		http.StatusInternalServerError: "Something went wrong",
		http.StatusBadGateway:          "Something went wrong",
		http.StatusBadRequest:          "This request isn't valid",
	} {
		require.Equal(t, want, errorTitle(ErrorPage{Status: status}))
		require.Equal(t, "Title", errorTitle(ErrorPage{Status: status, Title: "Title"}))
	}
}

func TestEveryAuditEventHasAText(t *testing.T) {
	for _, event := range []string{
		gatehouse.AuditAuthorizeApp, gatehouse.AuditDenyApp, gatehouse.AuditDeauthorizeApp, gatehouse.AuditCreateApp, gatehouse.AuditUpdateApp,
		gatehouse.AuditDeleteApp, gatehouse.AuditRegenerateSecret, gatehouse.AuditRegisterClient, gatehouse.AuditCodeReplayed,
		gatehouse.AuditRefreshTokenReused, gatehouse.AuditLogin, gatehouse.AuditLogout, gatehouse.AuditRevokeSessions, gatehouse.AuditCreateUser,
		gatehouse.AuditUpdateUserActive, gatehouse.AuditUpdateUserRoles, gatehouse.AuditUpdatePassword, gatehouse.AuditUpdateSetting, gatehouse.AuditSystemSetUp,
		gatehouse.AuditCreateSigningKey, gatehouse.AuditRotateSigningKey, gatehouse.AuditWithdrawSigningKey,
		gatehouse.AuditCreateGroup, gatehouse.AuditUpdateGroup, gatehouse.AuditDeleteGroup, gatehouse.AuditAddGroupMember, gatehouse.AuditRemoveGroupMember, gatehouse.AuditUpdateAppAccess,
	} {
		require.NotEqual(t, event, eventText(gatehouse.AuditEvent{Event: event}))
	}
	require.Equal(t, "someEventOfTheFuture", eventText(gatehouse.AuditEvent{Event: "someEventOfTheFuture"}))
}
