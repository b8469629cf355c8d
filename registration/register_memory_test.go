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

// memory is a store for tests of the endpoint alone: it is as fast as the
// fuzzer, and lives in the bubbles of synctest.
type memory struct {
	registration.Store // nil: what is not needed

	mu       sync.Mutex
	apps     []gatehouse.App
	events   []gatehouse.AuditEvent
	settings map[string]string
	budgets  map[string]*rate.Limiter
	err      error // of every call
}

func (m *memory) TakeAttempt(_ context.Context, now time.Time, limits ...gatehouse.RateLimit) (wait time.Duration, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := limits[0] // the endpoint has one
	if m.budgets == nil {
		m.budgets = map[string]*rate.Limiter{}
	}
	if m.budgets[b.ID] == nil {
		m.budgets[b.ID] = rate.NewLimiter(rate.Every(b.Refill), b.Burst)
	}
	reservation := m.budgets[b.ID].ReserveN(now, 1)
	if wait = reservation.DelayFrom(now); wait > 0 {
		reservation.CancelAt(now)
	}
	return wait, m.err
}

func (m *memory) CreateApp(_ context.Context, a gatehouse.App) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.apps = append(m.apps, a)
	return m.err
}

func (m *memory) RecordAuditEvent(_ context.Context, e gatehouse.AuditEvent) error {
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

// endpoint is the registration endpoint alone.
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

func TestARegistrationThatCannotBeStoredSaysSo(t *testing.T) {
	for name, tc := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"the database is away":  {gatehouse.ErrUnavailable, http.StatusServiceUnavailable, "server_error"},
		"something else breaks": {gatehouse.ErrConflict, http.StatusInternalServerError, "server_error"},
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
