package account

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"gatehouse/internal/web"
)

// hashQueue lets a few calls hash at a time. The others wait, and each client network gets
// its turn in round-robin order, so that a network with many connections delays the
// others by one hash for each round and not by the length of its own queue. Networks of
// the same IPv6 allocation share the turns of one.
//
// If the queue is full, a call from a network that waits for less takes the place of the
// newest call of the allocation that waits for most.
type hashQueue struct {
	slots         int           // calls that hash at a time
	perClient     int           // calls of one network that wait
	perAllocation int           // calls of one allocation that wait
	capacity      int           // calls that wait
	maxWait       time.Duration // of one call

	mu          sync.Mutex
	running     int
	waiting     int
	allocations turns[*allocation]
}

// allocation holds the waiting calls of an IPv4 address or of an IPv6 allocation.
type allocation struct {
	clients turns[*client]
	waiting int
}

// client holds the waiting calls of one network, the oldest first.
type client struct{ calls []*hashCall }

// hashCall is a call that waits. Its channel gets nil when the call may hash, or the
// reason why it may not.
type hashCall struct{ answer chan error }

// turns holds values by key in the order of their turns.
type turns[T any] struct {
	byKey map[string]T
	order []string
}

func (t *turns[T]) add(key string, value T) {
	if t.byKey == nil {
		t.byKey = map[string]T{}
	}
	t.byKey[key], t.order = value, append(t.order, key)
}

func (t *turns[T]) remove(key string) {
	delete(t.byKey, key)
	t.order = slices.DeleteFunc(t.order, func(k string) bool { return k == key })
}

// afterTurn moves the first key to the end.
func (t *turns[T]) afterTurn() { t.order = append(t.order[1:], t.order[0]) }

// enter waits until the caller may hash. The caller must then call leave. The network of
// the caller is that of the client in the context. It returns errBusy if too many calls
// wait, and the context's error if the context ends first.
func (q *hashQueue) enter(ctx context.Context) (running int, err error) {
	ip := web.ClientIP(ctx)
	allocationKey, clientKey := web.ClientAllocation(ip), web.ClientNetwork(ip)
	q.mu.Lock()
	if q.running < q.slots && q.waiting == 0 {
		q.running++
		defer q.mu.Unlock()
		return q.running, nil
	}
	call := &hashCall{make(chan error, 1)}
	if !q.add(allocationKey, clientKey, call) {
		q.mu.Unlock()
		return 0, errBusy()
	}
	q.mu.Unlock()

	timer := time.NewTimer(q.maxWait)
	defer timer.Stop()
	select {
	case err = <-call.answer:
	case <-timer.C:
		err = q.giveUp(allocationKey, clientKey, call, errBusy())
	case <-ctx.Done():
		err = q.giveUp(allocationKey, clientKey, call, fmt.Errorf("account: wait to hash: %w", ctx.Err()))
	}
	if err != nil {
		return 0, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.running, nil
}

// leave gives the slot of a call to the call whose turn it is.
func (q *hashQueue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting == 0 {
		q.running--
		return
	}
	allocationKey := q.allocations.order[0]
	a := q.allocations.byKey[allocationKey]
	q.allocations.afterTurn()
	clientKey := a.clients.order[0]
	call := a.clients.byKey[clientKey].calls[0]
	a.clients.afterTurn()
	q.remove(allocationKey, clientKey, call)
	call.answer <- nil
}

// giveUp takes a call out of the queue and returns reason. If the call was answered in
// the meantime, it returns the answer.
func (q *hashQueue) giveUp(allocationKey, clientKey string, call *hashCall, reason error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.remove(allocationKey, clientKey, call) {
		return <-call.answer
	}
	return reason
}

// add puts a call into the queue. It returns false if the queue is full.
func (q *hashQueue) add(allocationKey, clientKey string, call *hashCall) bool {
	a, known := q.allocations.byKey[allocationKey]
	if !known {
		a = &allocation{}
	}
	c, knownClient := a.clients.byKey[clientKey]
	if !knownClient {
		c = &client{}
	}
	if len(c.calls) >= q.perClient || a.waiting >= q.perAllocation || q.waiting >= q.capacity && !q.makePlace(a.waiting) {
		return false
	}
	if !known || q.allocations.byKey[allocationKey] == nil {
		q.allocations.add(allocationKey, a)
	}
	if !knownClient {
		a.clients.add(clientKey, c)
	}
	c.calls = append(c.calls, call)
	a.waiting++
	q.waiting++
	return true
}

// makePlace ends the newest call of the allocation that waits for most, if another
// allocation, which waits for n calls, then still waits for fewer.
func (q *hashQueue) makePlace(n int) bool {
	var longestKey string
	var longest *allocation
	for _, key := range q.allocations.order {
		if a := q.allocations.byKey[key]; longest == nil || a.waiting > longest.waiting {
			longestKey, longest = key, a
		}
	}
	if longest == nil || longest.waiting <= n+1 {
		return false
	}
	var clientKey string
	var most *client
	for _, key := range longest.clients.order {
		if c := longest.clients.byKey[key]; most == nil || len(c.calls) > len(most.calls) {
			clientKey, most = key, c
		}
	}
	call := most.calls[len(most.calls)-1]
	q.remove(longestKey, clientKey, call)
	call.answer <- errBusy()
	return true
}

// remove takes a call out of the queue. It reports false if the call is not in it.
func (q *hashQueue) remove(allocationKey, clientKey string, call *hashCall) bool {
	a := q.allocations.byKey[allocationKey]
	if a == nil || a.clients.byKey[clientKey] == nil {
		return false
	}
	c := a.clients.byKey[clientKey]
	i := slices.Index(c.calls, call)
	if i < 0 {
		return false
	}
	c.calls = slices.Delete(c.calls, i, i+1)
	a.waiting--
	q.waiting--
	if len(c.calls) == 0 {
		a.clients.remove(clientKey)
	}
	if a.waiting == 0 {
		q.allocations.remove(allocationKey)
	}
	return true
}
