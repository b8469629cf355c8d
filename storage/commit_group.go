package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"gorm.io/gorm"

	"gatehouse"
)

const (
	// maxGroup is the number of writes that share a commit at most, so that no
	// write waits long for the others.
	maxGroup = 64
	// outcomeWait is how long a write that is under way keeps its caller after the
	// caller's context has ended. A request has 10 seconds and its response must be
	// sent within 30; a commit that takes longer than this waits for a stalled disk.
	outcomeWait = 2 * time.Second
)

// errOutcomeUnknown is the outcome of a write whose commit has not ended in time.
// The commit cannot be stopped, so the write may still take effect.
var errOutcomeUnknown = fmt.Errorf("%w: the commit takes too long, and its outcome is not known", gatehouse.ErrUnavailable)

// groupCommit lets the hot writes of requests that run at the same time share a
// transaction, and so one fsync, on SQLite. PostgreSQL does the same by itself for
// connections that commit at the same time.
//
//	write ──▶ waiting ──────▶ taken when the transaction ──▶ COMMIT ──▶ outcome
//	             │            holds the write lock              │
//	             └─ context ended: leaves, is never written     └─ context ended: waits 2 s more
//
// Each write keeps its own outcome. In SQLite a statement that breaks a constraint
// undoes itself and leaves the transaction as it was (sqlite.org/lang_conflict.html,
// ABORT). A write is reported as done only after its commit is durable.
//
// Each write also keeps its own deadline, and the answer is always true:
//
//   - A write whose context ends while it waits leaves the queue and returns the
//     context's error. It was not written and never will be.
//   - A write that has been taken returns its true outcome, even if its context has
//     ended: from then on the transaction waits for nothing but the disk.
//   - If the commit takes more than outcomeWait longer than the context, the outcome
//     is unknown and the write returns ErrUnavailable, but not the context's error.
type groupCommit struct {
	db     *gorm.DB // builds and logs the statements
	writer *sql.DB  // the pool of the only connection that writes

	mu      sync.Mutex
	waiting []*groupedWrite
	arrived uint64 // the number of writes that have been queued
	leading bool   // lead runs

	// prepared are the statements that the pool keeps prepared, by their SQL, and
	// unprepared those that it should. Only lead uses them.
	prepared   map[string]*sql.Stmt
	unprepared []string
}

type groupedWrite struct {
	ctx     context.Context
	do      func(db *gorm.DB) error
	arrival uint64        // its number in the order of arrival
	alone   bool          // it failed in a group, and is tried again in a transaction of its own
	err     error         // the outcome, once done is closed
	done    chan struct{} // closed when the write has an outcome
}

func newGroupCommit(db *gorm.DB, writer *sql.DB) *groupCommit {
	return &groupCommit{db: db, writer: writer, prepared: map[string]*sql.Stmt{}}
}

// write does one write, alone or with others, and returns its own error.
func (g *groupCommit) write(ctx context.Context, do func(db *gorm.DB) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := &groupedWrite{ctx: ctx, do: do, done: make(chan struct{})}
	g.enqueue(w)
	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
	}
	if g.leave(w) {
		return ctx.Err()
	}
	select {
	case <-w.done:
		return w.err
	case <-time.After(outcomeWait):
		return errOutcomeUnknown
	}
}

// enqueue adds a write to the queue and makes sure that lead runs. lead has a
// goroutine of its own because a caller must be able to leave while the
// transaction waits for the write lock.
func (g *groupCommit) enqueue(w *groupedWrite) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.arrived++
	w.arrival = g.arrived
	g.waiting = append(g.waiting, w)
	if !g.leading {
		g.leading = true
		go g.lead()
	}
}

// leave takes a write out of the queue. It returns false if the write has been
// taken into a transaction or already has an outcome.
func (g *groupCommit) leave(w *groupedWrite) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.waiting {
		if g.waiting[i] == w {
			g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// lead runs transactions until no write waits.
func (g *groupCommit) lead() {
	for {
		g.prepare()
		g.commit()
		g.mu.Lock()
		if len(g.waiting) == 0 {
			g.leading = false
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
	}
}

// commit runs one transaction with the writes that wait when it gets the write
// lock. It has no deadline: the writes leave the queue by themselves.
func (g *groupCommit) commit() {
	g.mu.Lock()
	last := g.arrived
	g.mu.Unlock()
	tx, err := g.writer.BeginTx(context.Background(), nil) // BEGIN IMMEDIATE, see sqliteDSN
	if err != nil {
		g.refuse(last, err)
		return
	}
	group := g.take()
	db := g.db.WithContext(context.Background())
	db.Statement.ConnPool = groupTx{tx, g}
	failed := false
	for _, w := range group {
		// A statement has the values of the request's context but not its end: an
		// interrupted statement would roll back the writes of the others.
		db.Statement.Context = context.WithoutCancel(w.ctx)
		if w.err = w.attempt(db); w.err != nil && !isOutcome(w.err) {
			failed = true
			break
		}
	}
	switch {
	case failed:
		_ = tx.Rollback() // If it fails too, database/sql closes the connection, which rolls back.
		if len(group) > 1 {
			g.requeue(group)
			return
		}
	case len(group) == 0:
		_ = tx.Rollback() // Nothing was written.
	default:
		if err := tx.Commit(); err != nil {
			for _, w := range group {
				w.err = err
			}
		}
	}
	for _, w := range group {
		close(w.done)
	}
}

// take takes the next group out of the queue. A write whose context has ended is
// not in it: it is answered here, or has left.
func (g *groupCommit) take() []*groupedWrite {
	g.mu.Lock()
	defer g.mu.Unlock()
	var group []*groupedWrite
	n := 0
	for ; n < len(g.waiting) && len(group) < maxGroup; n++ {
		w := g.waiting[n]
		if w.alone && len(group) > 0 {
			break
		}
		if w.err = w.ctx.Err(); w.err != nil {
			close(w.done)
			continue
		}
		group = append(group, w)
		if w.alone {
			n++
			break
		}
	}
	g.waiting = g.waiting[n:]
	return group
}

// refuse answers the writes that waited while a transaction could not begin. Those
// that arrived later wait for the next one.
func (g *groupCommit) refuse(last uint64, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var later []*groupedWrite
	for _, w := range g.waiting {
		if w.arrival > last {
			later = append(later, w)
			continue
		}
		w.err = err
		close(w.done)
	}
	g.waiting = later
}

// requeue puts the writes of a group that was rolled back in front of the queue.
// In a transaction of its own, each finds out about itself.
func (g *groupCommit) requeue(group []*groupedWrite) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, w := range group {
		w.err, w.alone = nil, true
	}
	g.waiting = append(group, g.waiting...)
}

// attempt does the write. A panic is a failure of this write only: lead must go on,
// or every later write would wait forever.
func (w *groupedWrite) attempt(db *gorm.DB) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return w.do(db)
}

// isOutcome reports whether an error is a statement's answer and not a failure.
// Such a statement leaves the transaction as it was.
func isOutcome(err error) bool {
	kind := kindOf(err)
	return errors.Is(err, gatehouse.ErrNotFound) || kind == gatehouse.ErrNotFound || kind == gatehouse.ErrConflict //nolint:errorlint // kindOf returns these very values
}
