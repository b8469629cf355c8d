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

// sessionLimits hold unless the database URL says otherwise. A request that takes
// longer has lost its caller; a lock that is held longer is stuck.
func sessionLimits() map[string]string {
	return map[string]string{
		"statement_timeout":                   "10s",
		"lock_timeout":                        "5s",
		"idle_in_transaction_session_timeout": "15s",
	}
}

// sessionWatch lets the server notice within half a minute that we are gone
// without a word: a machine that died, a network that was cut. Unless the database
// URL says otherwise, it would be hours, in which the sessions of then count
// against max_connections. On a Unix socket the server passes over these.
func sessionWatch() map[string]string {
	return map[string]string{
		"tcp_keepalives_idle":     "15", // seconds
		"tcp_keepalives_interval": "5",
		"tcp_keepalives_count":    "3",
		"tcp_user_timeout":        "30s", // the same for an answer that is under way
	}
}

// adapt connects once to see what is at the other end: PostgreSQL itself, or a
// pooler that hands out the server's sessions by transaction (pgbouncer and its
// kind), behind which
//
//   - the limits cannot be set when connecting, unless the pooler was told to
//     take them: the server's or the role's hold then (limited is false). How the
//     server watches its connections is between it and the pooler;
//   - a prepared statement would be on one session, and its next use on another,
//     so statements are only described, and that once, unless chosenMode says
//     that the URL decides;
//   - nothing else lasts from one transaction to the next, and nothing here
//     expects it to: see underMigrationLock.
func adapt(ctx context.Context, config *pgx.ConnConfig, chosenMode bool, log *slog.Logger) (limited bool, err error) {
	if _, ok := config.RuntimeParams["application_name"]; !ok {
		config.RuntimeParams["application_name"] = "gatehouse"
	}
	config.RuntimeParams["client_encoding"] = "UTF8" // what Go's strings are, whatever the database's own encoding
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
		log.WarnContext(ctx, "the pooler in front of PostgreSQL takes no time limits for queries and locks; set them for the role, as docs/operations.md shows")
	}
	return limited, nil
}

// withDefaults adds the parameters that are not there.
func withDefaults(params, defaults map[string]string) map[string]string {
	all := maps.Clone(defaults)
	maps.Copy(all, params)
	return all
}

// behindPooler reports whether somebody stands between us and the server: the
// process that answered the connection is not the one that answers a query.
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

// refusesParameter knows pgbouncer's answer to parameters that it does not know.
func refusesParameter(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "08P01" && strings.Contains(pg.Message, "startup parameter")
}
