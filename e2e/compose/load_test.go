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

// load is apps at work through nginx, each with a person of its own: authorize,
// redeem, ask who it is, refresh, ask again; and what they were told.
type load struct {
	app  app
	via  route
	ask  []route // whom requireNothingLost asks
	stop context.CancelFunc
	done sync.WaitGroup

	mu       sync.Mutex
	flows    int
	failures []error         // a request without an answer, or an honest 503
	wrong    []error         // an answer that must never be
	families []*family       // what was received and not used up; nil: nobody can know
	moved    chan int        // gets the number of the client for each flow
	refused  chan struct{}   // gets an element for each of the failures
	spent    map[string]bool // codes that gave tokens
}

// family is what a client holds of one authorization.
type family struct{ access, refresh string }

// clients is how many work at a time: there are two cores for everything.
const clients = 4

// startLoad begins to work; finish ends it.
func startLoad(t *testing.T, name string) *load {
	t.Helper()
	return startLoadAt(t, name, gatehouse, proxied(t), directs(t))
}

// startLoadAt works at the gateway whose commands are run by commands.
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

// await lets the clients go through so many more flows, from now on.
func (l *load) await(t *testing.T, flows int) {
	t.Helper()
	n := 0
	awaitMore(t, l, l.moved, func(int) bool { n++; return n == flows })
}

// awaitEveryone waits until no client waits for an answer to what it sent before.
func (l *load) awaitEveryone(t *testing.T) {
	t.Helper()
	moved := map[int]bool{}
	awaitMore(t, l, l.moved, func(client int) bool { moved[client] = true; return len(moved) == clients })
}

// awaitRefusals waits until so many more requests have failed, from now on.
func (l *load) awaitRefusals(t *testing.T, requests int) {
	t.Helper()
	n := 0
	awaitMore(t, l, l.refused, func(struct{}) bool { n++; return n == requests })
}

// awaitMore waits for what comes from now on, until it is enough.
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
			t.Fatal("no progress", l.failures, l.wrong)
		}
	}
}

func (l *load) finish(t *testing.T) {
	t.Helper()
	l.stop()
	l.done.Wait()
	require.Empty(t, l.wrong)
	t.Logf("%d flows, %d requests failed", l.flows, len(l.failures))
}

// requireHonest requires that every request that failed was told so: 503 with
// Retry-After, or its like on a redirect. Call it after finish.
func (l *load) requireHonest(t *testing.T) {
	t.Helper()
	for _, err := range l.failures {
		require.ErrorIs(t, err, errNotNow)
	}
}

// failuresSoFar is how many requests had no answer or an honest 503 until now.
func (l *load) failuresSoFar() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.failures)
}

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

// refresh tries again, as clients do, until there is an answer: whether an earlier
// try was carried out or not, the same successor is due for half a minute.
func (l *load) refresh(ctx context.Context, token string) (tokens, bool) {
	for start := time.Now(); time.Since(start) < 20*time.Second; {
		// Not cut off by the end of the load: a try without an answer would leave it open which token is the current one.
		again, err := l.app.refresh(context.WithoutCancel(ctx), l.via, token)
		if err == nil {
			return again, !l.isWrong(again.status != http.StatusOK, "refresh", again)
		}
		l.failed(context.WithoutCancel(ctx), "refresh", err)
	}
	return tokens{}, false
}

// failed notes a request that had no answer or an honest 503, unless the load was
// told to end.
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
	select { // as clients do before they try again
	case <-ctx.Done():
	case <-time.After(50 * time.Millisecond):
	}
	return true
}

func (l *load) isWrong(wrong bool, what string, got any) bool {
	if wrong {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.wrong = append(l.wrong, fmt.Errorf("%s: %+v", what, got))
	}
	return wrong
}

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

func (l *load) replace(i int, f *family) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.families[i] = f
}

// requireNothingLost asks for what the clients were told: every access token that
// they hold works, every refresh token gives a successor, and no code works again.
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

// insist asks again while it is told to come back later, as clients do.
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
			t.Fatal("503 for too long")
		case <-time.After(50 * time.Millisecond):
		}
	}
}
