package compose_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// load is a number of clients that use the gateway at the same time, each for another
// user: authorize, redeem, users/me, refresh. It records their results.
type load struct {
	app  app
	via  route
	ask  []route // the routes that requireNothingLost uses
	stop context.CancelFunc
	done sync.WaitGroup

	mu       sync.Mutex
	flows    int
	failures []error         // requests without a response, or with a 503 with Retry-After
	wrong    []error         // responses that must never occur
	families []*family       // tokens that must work; nil if that is unknown
	moved    chan int        // receives the number of the client after each flow
	refused  chan struct{}   // receives a value for each of the failures
	spent    map[string]bool // codes that gave tokens
}

// family is the pair of tokens of one authorization.
type family struct{ access, refresh string }

// clients is the number of clients. It is small, because clients and stack share two
// cores.
const clients = 4

// startLoad starts clients that use the stack through nginx. They stop at finish.
func startLoad(t *testing.T, name string) *load {
	t.Helper()
	return startLoadAt(t, name, gatehouse, proxied(t), directs(t))
}

// startLoadAt starts clients that use the gateway at the route via. The function
// commands runs the commands of that gateway.
func startLoadAt(t *testing.T, name string, commands command, via route, ask []route) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{
		app: commands.newApp(t, "--trusted"), via: via, ask: ask, stop: cancel,
		moved: make(chan int, 1<<20), refused: make(chan struct{}, 1<<20), spent: map[string]bool{},
	}
	for i := range clients {
		user := name + itoa(i)
		commands.newUser(t, user)
		b := newBrowser(t)
		b.signIn(t, l.via, user, password)
		l.done.Go(func() {
			for ctx.Err() == nil {
				l.flow(ctx, i, b)
			}
		})
	}
	t.Cleanup(func() { l.stop(); l.done.Wait() })
	l.await(t, 20)
	return l
}

// await waits until the clients have completed a number of flows from now on.
func (l *load) await(t *testing.T, flows int) {
	t.Helper()
	n := 0
	awaitMore(t, l, l.moved, func(int) bool { n++; return n == flows })
}

// awaitAllClients waits until each client has completed a flow from now on.
func (l *load) awaitAllClients(t *testing.T) {
	t.Helper()
	moved := map[int]bool{}
	awaitMore(t, l, l.moved, func(client int) bool { moved[client] = true; return len(moved) == clients })
}

// awaitRefusals waits until a number of requests have failed from now on.
func (l *load) awaitRefusals(t *testing.T, requests int) {
	t.Helper()
	n := 0
	awaitMore(t, l, l.refused, func(struct{}) bool { n++; return n == requests })
}

// awaitMore drops the values in the channel, and then receives until enough reports
// true.
func awaitMore[T any](t *testing.T, l *load, what <-chan T, enough func(T) bool) {
	t.Helper()
	for len(what) > 0 {
		<-what
	}
	timeout := time.After(patience)
	for {
		select {
		case one := <-what:
			if enough(one) {
				return
			}
		case <-timeout:
			l.mu.Lock()
			defer l.mu.Unlock()
			t.Fatal("the load makes no progress", l.failures, l.wrong)
		}
	}
}

// finish stops the clients.
func (l *load) finish(t *testing.T) {
	t.Helper()
	l.stop()
	l.done.Wait()
	require.Empty(t, l.wrong)
	t.Logf("%d flows, %d requests failed", l.flows, len(l.failures))
}

// requireOnlyRetryLater requires that every request that failed got a 503 with
// Retry-After, or temporarily_unavailable in a redirect. Call it after finish.
func (l *load) requireOnlyRetryLater(t *testing.T) {
	t.Helper()
	for _, err := range l.failures {
		require.ErrorIs(t, err, errNotNow)
	}
}

// failuresSoFar returns the number of requests that have failed.
func (l *load) failuresSoFar() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.failures)
}

// flow runs one flow and records its results.
func (l *load) flow(ctx context.Context, client int, b *browser) {
	code, err := b.code(ctx, l.via, l.app)
	if l.failed(ctx, "authorize", err) {
		return
	}
	got, err := l.app.redeem(ctx, l.via, code)
	if l.failed(ctx, "redeem", err) || l.isWrong(got.status != http.StatusOK, "redeem", got) {
		return
	}
	held := l.hold(code, &family{got.Access, got.Refresh})
	status, err := me(ctx, l.via, got.Access)
	if l.failed(ctx, "me", err) || l.isWrong(status != http.StatusOK, "me", status) {
		return
	}
	if again, ok := l.refresh(ctx, got.Refresh); ok {
		l.replace(held, &family{again.Access, again.Refresh})
		l.moved <- client
	} else {
		l.replace(held, nil)
	}
}

// refresh repeats a refresh until it gets tokens, for up to 20 seconds. Within the
// grace window of 30 seconds, each request gets the same successor.
func (l *load) refresh(ctx context.Context, token string) (tokens, bool) {
	for start := time.Now(); time.Since(start) < 20*time.Second; {
		// The end of the load does not cancel the request. Without a response, the current token would be unknown.
		again, err := l.app.refresh(context.WithoutCancel(ctx), l.via, token)
		if err == nil {
			return again, !l.isWrong(again.status != http.StatusOK, "refresh", again)
		}
		l.failed(context.WithoutCancel(ctx), "refresh", err)
	}
	return tokens{}, false
}

// failed records an error, unless the load has ended, and reports whether there was
// one.
func (l *load) failed(ctx context.Context, what string, err error) bool {
	if err == nil {
		return false
	}
	l.mu.Lock()
	switch {
	case ctx.Err() != nil:
	case strings.HasPrefix(err.Error(), "no code: "):
		l.wrong = append(l.wrong, err)
	default:
		l.failures = append(l.failures, fmt.Errorf("%s %s: %w", time.Now().Format("05.000"), what, err))
		l.refused <- struct{}{}
	}
	l.mu.Unlock()
	select { // clients wait before they try again
	case <-ctx.Done():
	case <-time.After(50 * time.Millisecond):
	}
	return true
}

// isWrong records a response that must never occur.
func (l *load) isWrong(wrong bool, what string, got any) bool {
	if wrong {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.wrong = append(l.wrong, fmt.Errorf("%s: %+v", what, got))
	}
	return wrong
}

// hold records the tokens of a code and returns their index.
func (l *load) hold(code string, f *family) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.spent[code] {
		l.wrong = append(l.wrong, errors.New("a code gave tokens twice"))
	}
	l.spent[code] = true
	l.flows++
	l.families = append(l.families, f)
	return len(l.families) - 1
}

// replace records the successors of tokens.
func (l *load) replace(i int, f *family) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.families[i] = f
}

// requireNothingLost requires that the access tokens of the clients work, that their
// refresh tokens work, and that no code works again. It checks a sample.
func (l *load) requireNothingLost(t *testing.T) {
	t.Helper()
	step := max(1, len(l.families)/200)
	for i := 0; i < len(l.families); i += step {
		f := l.families[i]
		if f == nil {
			continue
		}
		status := insist(t, func() (int, error) { return me(t.Context(), l.ask[i%len(l.ask)], f.access) })
		require.Equal(t, http.StatusOK, status)
		got := insist(t, func() (tokens, error) { return l.app.refresh(t.Context(), l.ask[(i+1)%len(l.ask)], f.refresh) })
		require.Equal(t, http.StatusOK, got.status, got)
	}
	n := 0
	for code := range l.spent {
		got := insist(t, func() (tokens, error) { return l.app.redeem(t.Context(), l.ask[n%len(l.ask)], code) })
		require.Equal(t, "invalid_grant", got.Error)
		if n++; n == 100 {
			break
		}
	}
}

// insist repeats a request while the response is a 503 with Retry-After.
func insist[T any](t *testing.T, ask func() (T, error)) T {
	t.Helper()
	timeout := time.After(patience)
	for {
		got, err := ask()
		if err == nil {
			return got
		}
		require.ErrorIs(t, err, errNotNow)
		select {
		case <-timeout:
			t.Fatal("the gateway answers 503 for too long")
		case <-time.After(50 * time.Millisecond):
		}
	}
}
