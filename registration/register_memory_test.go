package registration_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/registration"
	"gatehouse/test/testkit"
)

// memory is a store for tests of the endpoint alone. It is fast enough for the fuzzer, and
// works inside synctest.
type memory struct {
	registration.Store // nil: the other methods are not called

	mu       sync.Mutex
	apps     []gatehouse.App
	events   []gatehouse.AuditEvent
	settings map[string]string
	limiters map[string]*rate.Limiter
	err      error // returned by every method
}

func (m *memory) TakeAttempt(_ context.Context, now time.Time, limits ...gatehouse.RateLimit) (wait time.Duration, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.limiters == nil {
		m.limiters = map[string]*rate.Limiter{}
	}
	var reservations []*rate.Reservation
	for _, limit := range limits {
		if m.limiters[limit.ID] == nil {
			m.limiters[limit.ID] = rate.NewLimiter(rate.Every(limit.Refill), limit.Burst)
		}
		reservation := m.limiters[limit.ID].ReserveN(now, 1)
		reservations = append(reservations, reservation)
		wait = max(wait, reservation.DelayFrom(now))
	}
	if wait > 0 {
		for _, reservation := range reservations {
			reservation.CancelAt(now)
		}
	}
	return wait, m.err
}

func (m *memory) CreateApp(_ context.Context, a gatehouse.App) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.apps = append(m.apps, a)
	return m.err
}

func (m *memory) RecordAuditEvent(_ context.Context, e gatehouse.AuditEvent, _ ...gatehouse.RateLimit) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, e)
	return m.err
}

func (m *memory) Settings(context.Context) (gatehouse.Settings, error) {
	on := map[string]string{gatehouse.SettingEnableOAuthServiceProvider: "true", gatehouse.SettingEnableDynamicClientRegistration: "true"}
	for key, value := range m.settings {
		on[key] = value
	}
	settings, err := gatehouse.ParseSettings(on, nil)
	if err == nil {
		err = m.err
	}
	return settings, err
}

// endpoint returns the registration endpoint alone.
func endpoint(store registration.Store, rate registration.Rate) http.Handler {
	log := slog.New(slog.DiscardHandler)
	registrar := registration.NewRegistrar(registration.RegistrarConfig{Apps: registration.NewService(registration.ServiceConfig{Store: store, Log: log}), Store: store, Rate: rate, Log: log})
	return testkit.Serve("", registrar.Routes())
}

// post sends a registration from an address.
func post(h http.Handler, ip, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/api/v4/oauth/apps/register", strings.NewReader(body))
	r = r.WithContext(web.WithClient(r.Context(), web.Client{IP: ip}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestRegistrationReportsStorageErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"the database is unavailable": {gatehouse.ErrUnavailable, http.StatusServiceUnavailable, "server_error"},
		"another error":               {gatehouse.ErrConflict, http.StatusInternalServerError, "server_error"},
	} {
		t.Run(name, func(t *testing.T) {
			w := post(endpoint(&memory{err: tc.err}, registration.Rate{}), "192.0.2.1", `{"redirect_uris":["https://app.example.com/cb"]}`)
			require.Equal(t, tc.status, w.Code)
			require.Contains(t, w.Body.String(), `"error":"`+tc.code+`"`)
			require.Equal(t, tc.status == http.StatusServiceUnavailable, w.Header().Get("Retry-After") != "")
			require.NotContains(t, w.Body.String(), tc.err.Error())
		})
	}
}
