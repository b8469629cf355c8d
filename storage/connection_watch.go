package storage

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// connectionWatch keeps connections out of the pool that are of no use without
// being closed: the network was cut and says nothing, or the server at the other
// end is a standby by now. What a request sent is never sent again; but no request
// finds out at its own cost what can be known before:
//
//	idle in the pool ── TCP keepalive ──▶ closed by the kernel after 11 s of silence
//	taken from it ──┬─ not used for a second? a ping ──▶ closed after a second
//	                └─ as old as one that was read-only? ──▶ closed: a new one may
//	                                                         lead to the new primary
//
// The driver takes another for one that is closed.
type connectionWatch struct {
	started time.Time // what times are counted from: no setting of the clock changes how long ago that was
	// readOnly is when a statement was last refused for being in a read-only
	// transaction, as a time.Duration since started.
	readOnly atomic.Int64
}

func newConnectionWatch() *connectionWatch {
	w := &connectionWatch{started: time.Now()}
	w.readOnly.Store(-int64(readOnlyPause))
	return w
}

func (w *connectionWatch) now() int64 { return int64(time.Since(w.started)) }

const (
	// idleBeforePing: one that was used a moment ago is taken to be alive.
	idleBeforePing = time.Second
	// pingTimeout leaves a request, which has ten seconds, time for two that are
	// dead and a new one (database/sql tries as often).
	pingTimeout = time.Second
	// readOnlyPause bounds how often all connections are replaced while the
	// database stays read-only, and so for how long it may be taken to be afterwards.
	readOnlyPause = 5 * time.Second
)

// configure is for before the first connection.
func (w *connectionWatch) configure(config *pgx.ConnConfig) {
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3}}
	config.DialFunc = dialer.DialContext // config.ConnectTimeout is in its context
	keep := config.OnPgError
	config.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		if err.Code != readOnlyTransaction {
			return keep(conn, err)
		}
		if now, last := w.now(), w.readOnly.Load(); now-last >= int64(readOnlyPause) {
			w.readOnly.CompareAndSwap(last, now)
		}
		return false
	}
}

// bornKey is where a connection keeps the time of its birth, as readOnly does.
const bornKey = "gatehouse.born"

// options are the pool's.
func (w *connectionWatch) options() []stdlib.OptionOpenDB {
	return []stdlib.OptionOpenDB{
		stdlib.OptionAfterConnect(func(_ context.Context, conn *pgx.Conn) error {
			conn.PgConn().CustomData()[bornKey] = w.now()
			return nil
		}),
		stdlib.OptionShouldPing(w.dropUseless),
	}
}

// dropUseless closes a connection that is of no use. It pings by itself, because
// the driver's own ping waits for as long as the request may take. Where it
// reports true, the driver pings, too, and finds the connection closed.
func (w *connectionWatch) dropUseless(ctx context.Context, p stdlib.ShouldPingParams) bool {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if born, ok := p.Conn.PgConn().CustomData()[bornKey].(int64); ok && born <= w.readOnly.Load() {
		_ = p.Conn.Close(ctx) // It is given up in any case.
		return true
	}
	return p.IdleDuration > idleBeforePing && p.Conn.Ping(ctx) != nil
}
