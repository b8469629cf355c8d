package templates

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLifetimesAreSaidInTheLargestUnits(t *testing.T) {
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

func TestDurationsAreTypedShortly(t *testing.T) {
	for long, short := range map[string]string{"720h0m0s": "720h", "1h30m0s": "1h30m", "30m0s": "30m", "10h10m0s": "10h10m", "1m30s": "1m30s", "20m0s": "20m"} {
		require.Equal(t, short, shortDuration(long))
		a, err := time.ParseDuration(long)
		require.NoError(t, err)
		b, err := time.ParseDuration(short)
		require.NoError(t, err)
		require.Equal(t, a, b)
	}
}

func TestDevicesAreCalledWhatPeopleCallThem(t *testing.T) {
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
