package backchannel_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/backchannel"
)

// fake is the storage, the keys and the network of a Deliverer.
type fake struct {
	mu       sync.Mutex
	settings gatehouse.Settings
	due      map[string]time.Time // next attempt, by session
	rows     map[string]gatehouse.LogoutDelivery
	answer   func(ctx context.Context, target string) (int, error)

	attempts map[string][]time.Time // by target
	outcomes []string
}

const (
	appURI   = "https://app.example.com/out"
	otherURI = "https://other.example.com/out"
)

func newFake() *fake {
	return &fake{
		settings: gatehouse.Settings{EnableOAuthServiceProvider: true, EnableOpenIDConnect: true},
		due:      map[string]time.Time{}, rows: map[string]gatehouse.LogoutDelivery{}, attempts: map[string][]time.Time{},
		answer: func(context.Context, string) (int, error) { return http.StatusOK, nil },
	}
}

func (f *fake) queue(appID, sessionID string) {
	f.rows[sessionID] = gatehouse.LogoutDelivery{AppID: appID, UserID: "user", SessionID: sessionID, CreateAt: time.Now()}
	f.due[sessionID] = time.Now()
}

func (f *fake) TakeLogoutDeliveries(_ context.Context, now time.Time, limit int) (list []gatehouse.LogoutDelivery, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, row := range f.rows {
		if f.due[id].After(now) || len(list) == limit {
			continue
		}
		f.due[id] = row.NextAttempt(now)
		row.Attempts++
		f.rows[id] = row
		list = append(list, row)
	}
	return list, nil
}

func (f *fake) FinishLogoutDelivery(_ context.Context, d gatehouse.LogoutDelivery) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.rows, d.SessionID)
	return nil
}

func (f *fake) App(_ context.Context, id string) (gatehouse.App, error) {
	app := gatehouse.App{ID: id}
	switch id {
	case "app":
		app.OpenID.BackchannelLogoutURI = appURI
	case "other":
		app.OpenID.BackchannelLogoutURI = otherURI
	case "silent":
	default:
		return app, gatehouse.ErrNotFound
	}
	return app, nil
}

func (f *fake) Settings(context.Context) (gatehouse.Settings, error) { return f.settings, nil }

func (f *fake) Sign(_ context.Context, _, _ string, claims any) (string, error) {
	token, err := json.Marshal(claims)
	return string(token), err
}

func (f *fake) PostForm(ctx context.Context, target string, _ url.Values, _ []netip.Prefix) (int, error) {
	f.mu.Lock()
	f.attempts[target] = append(f.attempts[target], time.Now())
	f.mu.Unlock()
	return f.answer(ctx, target)
}

// run runs a Deliverer for a time.
func (f *fake) run(t *testing.T, duration time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), duration)
	defer cancel()
	backchannel.NewDeliverer(backchannel.Config{
		Issuer: "https://gatehouse.example.com", Store: f, Keys: f, Client: f, Log: slog.New(slog.DiscardHandler),
		Observe: func(outcome string) { f.mu.Lock(); defer f.mu.Unlock(); f.outcomes = append(f.outcomes, outcome) },
	}).Run(ctx)
}

func TestFailedDeliveriesAreTriedAgainForADay(t *testing.T) {
	for name, answer := range map[string]func() (int, error){
		"no connection":   func() (int, error) { return 0, errors.New("refused") },
		"a server error":  func() (int, error) { return http.StatusInternalServerError, nil },
		"a refused token": func() (int, error) { return http.StatusBadRequest, nil },
		"a redirect":      func() (int, error) { return http.StatusFound, nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				f.answer = func(context.Context, string) (int, error) { return answer() }
				f.queue("app", "session")
				begin := time.Now()
				f.run(t, 48*time.Hour)
				require.Empty(t, f.rows)
				require.Equal(t, backchannel.Abandoned, f.outcomes[len(f.outcomes)-1])
				attempts := f.attempts[appURI]
				require.Greater(t, len(attempts), 20)
				require.Less(t, len(attempts), 50, "the time between attempts grows")
				require.Less(t, attempts[1].Sub(begin), time.Minute)
				require.WithinRange(t, attempts[len(attempts)-1], begin.Add(22*time.Hour), begin.Add(24*time.Hour))
			})
		})
	}
}

func TestDeliverySucceedsLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, n := newFake(), 0
		f.answer = func(context.Context, string) (int, error) {
			if n++; n < 3 {
				return http.StatusServiceUnavailable, nil
			}
			return http.StatusNoContent, nil
		}
		f.queue("app", "session")
		f.run(t, time.Hour)
		require.Empty(t, f.rows)
		require.Equal(t, []string{backchannel.Failed, backchannel.Failed, backchannel.Delivered}, f.outcomes)
	})
}

// Attack: an app that never answers, so that other apps get no logout tokens.
func TestAppThatDoesNotAnswerHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.answer = func(ctx context.Context, target string) (int, error) {
			if target == otherURI {
				return http.StatusOK, nil
			}
			select {
			case <-ctx.Done():
			case <-time.After(10 * time.Second): // the limit of package egress
			}
			return 0, context.DeadlineExceeded
		}
		for range 20 {
			f.queue("app", gatehouse.NewID())
		}
		f.queue("other", "session")
		f.run(t, 9*time.Second)
		require.Len(t, f.attempts[otherURI], 1)
		require.Len(t, f.attempts[appURI], 1, "its other tokens wait until it answers")
	})
}

func TestNothingIsSentWithoutNeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.queue("silent", "one")
		f.queue("deleted", "two")
		f.run(t, time.Minute)
		require.Empty(t, f.attempts)
		require.Empty(t, f.outcomes, "they count neither as delivered nor as failed")
		require.Empty(t, f.rows, "they are not kept")

		for name, off := range map[string]gatehouse.Settings{"OpenID Connect is off": {EnableOAuthServiceProvider: true}, "the provider is off": {EnableOpenIDConnect: true}} {
			f := newFake()
			f.settings = off
			f.queue("app", "session")
			f.run(t, time.Minute)
			require.Empty(t, f.attempts, name)
			require.Len(t, f.rows, 1, name)
		}
	})
}

// A node that stops does not count the attempt, and leaves the delivery to the next one.
func TestStoppedNodeLeavesTheDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.answer = func(ctx context.Context, _ string) (int, error) { <-ctx.Done(); return 0, ctx.Err() }
		f.queue("app", "session")
		f.run(t, 5*time.Second)
		require.Len(t, f.rows, 1)
		require.Empty(t, f.outcomes)

		f.answer = func(context.Context, string) (int, error) { return http.StatusOK, nil }
		f.run(t, time.Minute)
		require.Empty(t, f.rows)
		require.Equal(t, []string{backchannel.Delivered}, f.outcomes)
	})
}
