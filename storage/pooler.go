package storage

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// sessionLimits are the time limits of a session, unless the database URL sets them.
// The caller of a longer statement no longer waits, and a transaction that holds a lock
// for longer is stuck.
func sessionLimits() map[string]string {
	return map[string]string{
		"statement_timeout":                   "10s",
		"lock_timeout":                        "5s",
		"idle_in_transaction_session_timeout": "15s",
	}
}

// sessionWatch lets the server notice within half a minute that this node is
// unreachable, because its machine or the network failed. By default that takes hours,
// during which the old sessions count against max_connections. The database URL may set
// these parameters. The server ignores them on a Unix socket.
func sessionWatch() map[string]string {
	return map[string]string{
		"tcp_keepalives_idle":     "15", // seconds
		"tcp_keepalives_interval": "5",
		"tcp_keepalives_count":    "3",
		"tcp_user_timeout":        "30s", // the same for data that the server has sent
	}
}

// adapt connects once to find out whether the URL leads to PostgreSQL itself or to a
// pooler that assigns the server's sessions by transaction (such as pgbouncer). Behind
// such a pooler
//
//   - the limits cannot be set when connecting, unless the pooler is configured to
//     accept them. Then the limits of the server or the role apply, and limited is
//     false. The connections that the server watches are those of the pooler;
//   - a statement that was prepared on one session may run on another. So statements
//     are only described, once each, unless the URL chooses a mode (chosenMode);
//   - no other state lasts from one transaction to the next, and nothing here needs
//     it: see underMigrationLock.
func adapt(ctx context.Context, config *pgx.ConnConfig, chosenMode bool, log *slog.Logger) (limited bool, err error) {
	if _, ok := config.RuntimeParams["application_name"]; !ok {
		config.RuntimeParams["application_name"] = "gatehouse"
	}
	config.RuntimeParams["client_encoding"] = "UTF8" // the encoding of Go's strings; the database may have another one
	plain := config.RuntimeParams
	withLimits := withDefaults(plain, sessionLimits())
	var pooled bool
	for i, params := range []map[string]string{withDefaults(withLimits, sessionWatch()), withLimits, plain} {
		config.RuntimeParams = params
		if pooled, err = behindPooler(ctx, config); !refusesParameter(err) {
			limited = i < 2
			break
		}
	}
	if err != nil {
		return false, err
	}
	if pooled && !chosenMode {
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	if !limited {
		log.WarnContext(ctx, "the pooler in front of PostgreSQL does not accept time limits for queries and locks; set them for the role, as docs/operations.md shows")
	}
	return limited, nil
}

// withDefaults returns params and those defaults that params does not have.
func withDefaults(params, defaults map[string]string) map[string]string {
	all := maps.Clone(defaults)
	maps.Copy(all, params)
	return all
}

// behindPooler reports whether there is a pooler in front of the server: the process
// that accepts the connection is not the one that answers a query.
func behindPooler(ctx context.Context, config *pgx.ConnConfig) (pooled bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var pid uint32
	err = conn.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&pid)
	return pid != conn.PgConn().PID(), err
}

// refusesParameter reports whether an error is pgbouncer's for an unknown parameter.
func refusesParameter(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "08P01" && strings.Contains(pg.Message, "startup parameter")
}
