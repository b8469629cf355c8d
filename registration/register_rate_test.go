package registration_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/registration"
	"gatehouse/storage"
	"gatehouse/test/testdb"
)

const someClient = `{"redirect_uris":["https://app.example.com/cb"]}`

func TestParseRate(t *testing.T) {
	for text, want := range map[string]string{"20/1s": "20/1s", "1/1h": "1/1h0m0s", "5/500ms": "5/500ms", "off": "off", "OFF": "off"} {
		rate, err := registration.ParseRate(text)
		require.NoError(t, err, text)
		require.Equal(t, want, rate.String())
		again, err := registration.ParseRate(rate.String())
		require.NoError(t, err)
		require.Equal(t, rate, again)
	}
	for _, bad := range []string{"", "20", "20/", "/1s", "0/1s", "-1/1s", "20/0s", "20/-1s", "20/1", "20/1s/1s", "x/1s", "1000001/1s", "20/25h", "20/1us", "20/1500us", "none"} {
		_, err := registration.ParseRate(bad)
		require.Error(t, err, bad)
	}
	require.Equal(t, "20/1s", registration.Rate{}.String(), "the zero value has a limit")
	require.Equal(t, "20/1s", registration.DefaultRate().String())
	require.Equal(t, "off", registration.UnlimitedRate().String())
}

func TestAnAddressRegistersABurstThenOneEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := endpoint(&memory{}, registration.Rate{})
		for range 20 {
			require.Equal(t, http.StatusCreated, post(h, "192.0.2.1", someClient).Code)
		}
		w := post(h, "192.0.2.1", someClient)
		require.Equal(t, http.StatusTooManyRequests, w.Code)
		require.Equal(t, "1", w.Header().Get("Retry-After"))
		require.Equal(t, "application/json", w.Header().Get("Content-Type"))
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		require.JSONEq(t, `{"error":"too_many_requests","error_description":"Too many clients were registered from this address. Try again later."}`, w.Body.String())

		require.Equal(t, http.StatusCreated, post(h, "192.0.2.2", someClient).Code, "another address has its own rate limit")
		time.Sleep(time.Second)
		require.Equal(t, http.StatusCreated, post(h, "192.0.2.1", someClient).Code, "Retry-After was right")
		require.Equal(t, http.StatusTooManyRequests, post(h, "192.0.2.1", someClient).Code)
		time.Sleep(time.Hour)
		for range 20 {
			require.Equal(t, http.StatusCreated, post(h, "192.0.2.1", someClient).Code, "the burst is available again")
		}
		require.Equal(t, http.StatusTooManyRequests, post(h, "192.0.2.1", someClient).Code)
	})
}

func TestRetryAfterIsInWholeSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rate, err := registration.ParseRate("1/90500ms")
		require.NoError(t, err)
		h := endpoint(&memory{}, rate)
		require.Equal(t, http.StatusCreated, post(h, "192.0.2.1", someClient).Code)
		w := post(h, "192.0.2.1", someClient)
		require.Equal(t, "91", w.Header().Get("Retry-After"))
		seconds, err := strconv.Atoi(w.Header().Get("Retry-After"))
		require.NoError(t, err)
		time.Sleep(time.Duration(seconds) * time.Second)
		require.Equal(t, http.StatusCreated, post(h, "192.0.2.1", someClient).Code)
	})
}

// Attack: register ten thousand clients in a loop, a hundred each second.
func TestALoopOfRegistrationsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		h := endpoint(store, registration.Rate{})
		for range 10_000 {
			post(h, "192.0.2.1", someClient)
			time.Sleep(10 * time.Millisecond)
		}
		require.InDelta(t, 120, len(store.apps), 1)
		require.InDelta(t, 120, len(store.events), 1, "the audit trail does not grow either")
	})
}

func TestInvalidRequestsCountForTheRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := endpoint(&memory{}, registration.Rate{})
		for range 20 {
			require.Equal(t, http.StatusBadRequest, post(h, "192.0.2.1", `not JSON`).Code)
		}
		require.Equal(t, http.StatusTooManyRequests, post(h, "192.0.2.1", someClient).Code)
	})
}

// Attack: make a gateway write to the database while registration is off.
func TestNothingIsWrittenWhileRegistrationIsOff(t *testing.T) {
	for name, settings := range map[string]map[string]string{
		"provider":     {gatehouse.SettingEnableOAuthServiceProvider: "false"},
		"registration": {gatehouse.SettingEnableDynamicClientRegistration: "false"},
	} {
		store := &memory{settings: settings}
		h := endpoint(store, registration.Rate{})
		for range 100 {
			post(h, "192.0.2.1", `not JSON`)
			require.NotEqual(t, http.StatusTooManyRequests, post(h, "192.0.2.1", someClient).Code, name)
		}
		require.Empty(t, store.limiters)
		require.Empty(t, store.events)
	}
}

func TestChangedRateStartsWithAFullBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		strict, err := registration.ParseRate("1/24h")
		require.NoError(t, err)
		require.Equal(t, http.StatusCreated, post(endpoint(store, strict), "192.0.2.1", someClient).Code)
		require.Equal(t, http.StatusTooManyRequests, post(endpoint(store, strict), "192.0.2.1", someClient).Code)
		require.Equal(t, http.StatusCreated, post(endpoint(store, registration.DefaultRate()), "192.0.2.1", someClient).Code)
	})
}

func TestRateLimitCountsAnIPv6NetworkAsOneAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := endpoint(&memory{}, registration.Rate{})
		for i := range 20 {
			require.Equal(t, http.StatusCreated, post(h, "2001:db8:1:1::"+strconv.Itoa(i), someClient).Code)
		}
		require.Equal(t, http.StatusTooManyRequests, post(h, "2001:db8:1:1:ffff::1", someClient).Code)
		require.Equal(t, http.StatusCreated, post(h, "2001:db8:1:2::1", someClient).Code)
		for range 20 {
			require.Equal(t, http.StatusCreated, post(h, "192.0.2.1", someClient).Code)
		}
		require.Equal(t, http.StatusTooManyRequests, post(h, "::ffff:192.0.2.1", someClient).Code, "the same address in another spelling")
	})
}

func TestRateLimitCanBeTurnedOff(t *testing.T) {
	h := endpoint(&memory{}, registration.UnlimitedRate())
	for range 200 {
		require.Equal(t, http.StatusCreated, post(h, "192.0.2.1", someClient).Code)
	}
}

// Attack: register at several nodes in turn.
func TestNodesShareTheRateLimit(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		rate, err := registration.ParseRate("20/1h")
		require.NoError(t, err)
		var nodes []http.Handler
		for range 3 {
			store, err := storage.Open(t.Context(), storage.Options{URL: url, Log: slog.New(slog.DiscardHandler)})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, store.Close()) })
			require.NoError(t, store.MigrateUp(t.Context()))
			on := map[string]string{gatehouse.SettingEnableOAuthServiceProvider: "true", gatehouse.SettingEnableDynamicClientRegistration: "true"}
			require.NoError(t, store.SetSettings(t.Context(), on, "", time.Now()))
			nodes = append(nodes, endpoint(store, rate))
		}
		for n := range 20 {
			require.Equal(t, http.StatusCreated, post(nodes[n%3], "192.0.2.1", someClient).Code)
		}
		for _, node := range nodes {
			require.Equal(t, http.StatusTooManyRequests, post(node, "192.0.2.1", someClient).Code)
			require.Equal(t, http.StatusCreated, post(node, "192.0.2.2", someClient).Code)
		}
	})
}

func TestConcurrentRequestsShareOneRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := endpoint(&memory{}, registration.Rate{})
		var created atomic.Int64
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				if post(h, "192.0.2.1", someClient).Code == http.StatusCreated {
					created.Add(1)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 20, created.Load())
	})
}

// Attack: register from ever new addresses.
func TestRegistrationHasACeilingOverAllAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		h := endpoint(store, registration.Rate{})
		created := 0
		for n := range 5000 {
			ip := fmt.Sprintf("2001:db8:%x:%x::1", n%97, n)
			switch w := post(h, ip, someClient); w.Code {
			case http.StatusCreated:
				created++
			case http.StatusTooManyRequests:
				require.Equal(t, "1", w.Header().Get("Retry-After"))
			default:
				require.Fail(t, "unexpected status", w.Code)
			}
		}
		require.Equal(t, 2000, created)
		time.Sleep(time.Minute)
		require.Equal(t, http.StatusCreated, post(h, "198.51.100.1", someClient).Code, "registration recovers")
	})
}

// Attack: register from all networks of one IPv6 allocation, so that no other address can
// register.
func TestAnIPv6AllocationDoesNotUseUpTheCeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := endpoint(&memory{}, registration.Rate{})
		created := 0
		for n := range 5000 {
			if post(h, fmt.Sprintf("2001:db8:1:%x::1", n), someClient).Code == http.StatusCreated {
				created++
			}
		}
		require.Equal(t, 100, created, "five bursts")
		require.Equal(t, http.StatusCreated, post(h, "2001:db8:2::1", someClient).Code, "another allocation")
		require.Equal(t, http.StatusCreated, post(h, "192.0.2.1", someClient).Code)
		time.Sleep(time.Second)
		require.Equal(t, http.StatusCreated, post(h, "2001:db8:1:ffff::1", someClient).Code, "the allocation recovers")
		require.Equal(t, http.StatusTooManyRequests, post(h, "2001:db8:1:fffe::1", someClient).Code)
	})
}

// Attack: register in a loop from one address, so that no other address can register.
func TestRefusedRegistrationsDoNotCountForTheCeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := endpoint(&memory{}, registration.Rate{})
		for range 5000 {
			post(h, "192.0.2.1", someClient)
		}
		require.Equal(t, http.StatusCreated, post(h, "192.0.2.2", someClient).Code)
	})
}
