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

// connectionWatch removes connections from the pool that cannot be used but are not
// closed: the network no longer delivers packets, or the server has become a standby.
// A statement that was sent is never sent again, so the watch tries to find these
// connections before a request uses them:
//
//	idle in the pool ── TCP keepalive ──▶ closed by the kernel after 11 s without an answer
//	taken from the pool ──┬─ unused for a second: a ping ──▶ closed after a second without an answer
//	                      └─ opened before a read-only error ──▶ closed: a new one may
//	                                                             lead to the new primary
//
// The driver replaces a connection that is closed.
type connectionWatch struct {
	started time.Time // the origin of all times here; a change of the clock does not affect them
	// readOnly is when a statement last failed because its transaction was read-only,
	// as a time.Duration since started.
	readOnly atomic.Int64
}

func newConnectionWatch() *connectionWatch {
	w := &connectionWatch{started: time.Now()}
	w.readOnly.Store(-int64(readOnlyPause))
	return w
}

func (w *connectionWatch) now() int64 { return int64(time.Since(w.started)) }

const (
	// idleBeforePing is how long a connection is unused before it is pinged.
	idleBeforePing = time.Second
	// pingTimeout leaves a request, which has ten seconds, enough time for two broken
	// connections and a new one (database/sql takes as many).
	pingTimeout = time.Second
	// readOnlyPause is the shortest time between two replacements of all connections
	// while the database stays read-only. It is also how long connections from that
	// time may remain afterwards.
	readOnlyPause = 5 * time.Second
)

// configure is called before the first connection.
func (w *connectionWatch) configure(config *pgx.ConnConfig) {
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3}}
	config.DialFunc = dialer.DialContext // Its context has config.ConnectTimeout.
	standard := config.OnPgError
	config.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		if err.Code != readOnlyTransaction {
			return standard(conn, err)
		}
		if now, last := w.now(), w.readOnly.Load(); now-last >= int64(readOnlyPause) {
			w.readOnly.CompareAndSwap(last, now)
		}
		return false
	}
}

// openedKey is the key under which a connection keeps the time at which it was opened,
// as a time.Duration since started.
const openedKey = "gatehouse.opened"

// options are options of the pool.
func (w *connectionWatch) options() []stdlib.OptionOpenDB {
	return []stdlib.OptionOpenDB{
		stdlib.OptionAfterConnect(func(_ context.Context, conn *pgx.Conn) error {
			conn.PgConn().CustomData()[openedKey] = w.now()
			return nil
		}),
		stdlib.OptionShouldPing(w.closeBroken),
	}
}

// closeBroken closes a connection that cannot be used. It pings by itself, because the
// driver's own ping may take as long as the request. If it returns true, the driver
// pings too, and finds the connection closed.
func (w *connectionWatch) closeBroken(ctx context.Context, p stdlib.ShouldPingParams) bool {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if opened, ok := p.Conn.PgConn().CustomData()[openedKey].(int64); ok && opened <= w.readOnly.Load() {
		_ = p.Conn.Close(ctx) // The connection is not used again in any case.
		return true
	}
	return p.IdleDuration > idleBeforePing && p.Conn.Ping(ctx) != nil
}
