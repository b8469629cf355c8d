package storage

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"gorm.io/gorm"

	"gatehouse"
)

// maxGroup is how many writes share a commit at the most: no one waits long for
// the others.
const maxGroup = 64

// groupCommit lets the hot writes of requests that run at the same time wait for
// the disk together: one transaction, one fsync, for as many as have come while
// the one before was being written. Each keeps its own outcome: in SQLite, a
// statement that breaks a constraint undoes itself and leaves the transaction as
// it was (sqlite.org/lang_conflict.html, ABORT). A write is reported as done only
// once the commit that holds it is durable.
//
// PostgreSQL does the same by itself for connections that commit at once.
type groupCommit struct {
	// db is the writer, with prepared statements. GORM's cache of them lets one
	// that is being prepared, and waits for the only connection, block the
	// transaction that has it: here only one goroutine at a time prepares anything.
	db *gorm.DB

	mu      sync.Mutex
	waiting []*groupedWrite
	leading bool // somebody writes, and will take along who waits
}

type groupedWrite struct {
	ctx  context.Context
	do   func(db *gorm.DB) error
	err  error
	done chan struct{}
}

// write does one write, alone or with others, and returns its own error.
func (g *groupCommit) write(ctx context.Context, do func(db *gorm.DB) error) error {
	w := &groupedWrite{ctx: ctx, do: do, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, w)
	lead := !g.leading
	g.leading = true
	g.mu.Unlock()
	if lead {
		g.lead()
	}
	// Who waits is not let go early: the write may be under way, and its outcome
	// must be known. It is short, and begins with a look at the context.
	<-w.done
	return w.err
}

// lead writes the group that waits, and then lets somebody else lead: the caller
// has a request of its own to answer.
func (g *groupCommit) lead() {
	g.mu.Lock()
	group := g.waiting[:min(len(g.waiting), maxGroup)]
	g.waiting = g.waiting[len(group):]
	g.mu.Unlock()

	g.commit(group)
	for _, w := range group {
		close(w.done)
	}

	g.mu.Lock()
	g.leading = len(g.waiting) > 0
	again := g.leading
	g.mu.Unlock()
	if again {
		go g.lead()
	}
}

// commit writes a group in one transaction.
func (g *groupCommit) commit(group []*groupedWrite) {
	if len(group) == 1 {
		g.alone(group[0])
		return
	}
	failed := false
	// One who hangs up must not undo the others' writes.
	err := g.db.WithContext(context.WithoutCancel(group[0].ctx)).Transaction(func(tx *gorm.DB) error {
		for _, w := range group {
			if w.err = w.ctx.Err(); w.err != nil {
				continue
			}
			if w.err = w.attempt(tx); w.err != nil && !isOutcome(w.err) {
				failed = true
				return w.err
			}
		}
		return nil
	})
	switch {
	case failed: // Nothing of it happened. Alone, each finds out about itself.
		for _, w := range group {
			g.alone(w)
		}
	case err != nil: // The commit failed: nothing of it happened, and everybody is told.
		for _, w := range group {
			w.err = err
		}
	}
}

// alone does a write as a commit of its own, as a single statement is.
func (g *groupCommit) alone(w *groupedWrite) {
	w.err = w.attempt(g.db.WithContext(w.ctx))
}

// attempt does the write. That it panics is a failure of its own: whoever leads
// must not lose the lead by it, or every later write would wait for ever.
func (w *groupedWrite) attempt(db *gorm.DB) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return w.do(db)
}

// isOutcome reports whether an error is one that a statement answers with, and
// not a failure: it leaves the transaction as it was.
func isOutcome(err error) bool {
	kind := kindOf(err)
	return errors.Is(err, gatehouse.ErrNotFound) || kind == gatehouse.ErrNotFound || kind == gatehouse.ErrConflict //nolint:errorlint // kindOf returns these very values
}
