package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// postgresConnections is the size of the pool. With two cores 8 to 20 were fastest; 4
// and 40 were slower. Several nodes share the server's max_connections of 100.
const postgresConnections = 16

func openPostgres(ctx context.Context, url string, log *slog.Logger) (engine, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return engine{}, errMalformedURL // CheckURL has parsed it before
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	watch := newConnectionWatch()
	watch.configure(config)
	limited, err := adapt(ctx, config, strings.Contains(url, "default_query_exec_mode="), log)
	if err != nil {
		return engine{}, explainPostgres(err, url)
	}
	pool := stdlib.OpenDB(*config, watch.options()...)
	pool.SetMaxOpenConns(postgresConnections)
	pool.SetMaxIdleConns(postgresConnections)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	pool.SetConnMaxLifetime(30 * time.Minute) // so that connections spread again over the servers after a failover
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), gormConfig(log))
	if err != nil {
		return engine{}, errors.Join(err, pool.Close())
	}
	return engine{
		reads: db, writes: db, // pgx prepares statements itself, faster than GORM
		writeHot: func(ctx context.Context, do func(*gorm.DB) error) error { return do(db.WithContext(ctx)) },
		forShare: " FOR SHARE", forUpdate: " FOR UPDATE", skipLocked: " SKIP LOCKED",
		lockUsers: "LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE",
		// It does not lock the table, so that other changes of users do not wait for it.
		lockAdmins:     "SELECT pg_advisory_xact_lock(7236828439217700)", // a number that is not used for another purpose
		lockMigrations: "SELECT pg_advisory_xact_lock(7236828439217701)",
		dialect:        goose.DialectPostgres, role: config.User,
		pools: map[string]*sql.DB{"all": pool}, estimateRows: estimateRowsPostgres,
		clock: "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT",
		migrationDB: func() (*sql.DB, func() error) {
			patient := config.Copy()
			delete(patient.RuntimeParams, "statement_timeout")
			if limited {
				patient.RuntimeParams["lock_timeout"] = "60s"
			}
			db := stdlib.OpenDB(*patient)
			return db, db.Close
		},
		close: pool.Close,
	}, nil
}

// explainPostgres adds what to change to an error of a connection to the URL.
func explainPostgres(err error, url string) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		if hasSecretParameter(url) && (strings.HasPrefix(pg.Code, "42") || strings.HasPrefix(pg.Code, "22") || pg.Code == "08P01") {
			// The message names a parameter, which may be a part of the password.
			return fmt.Errorf("PostgreSQL refuses a parameter of the database URL (SQLSTATE %s); write special characters in the password as percent-encodings, such as %%26 for &", pg.Code)
		}
		switch pg.Code {
		case "28P01", "28000":
			return fmt.Errorf("PostgreSQL refuses this user; check user and password in the database URL: %w", err)
		case "3D000":
			return fmt.Errorf("the database does not exist; create it (createdb) or correct its name in the database URL: %w", err)
		case "08P01":
			return fmt.Errorf("the pooler in front of PostgreSQL refuses a parameter; remove it from the database URL, or list it in the pooler's ignore_startup_parameters: %w", err)
		case "53300":
			return fmt.Errorf("PostgreSQL has no free connections; raise its max_connections, or close other connections: %w", err)
		}
		return fmt.Errorf("PostgreSQL answers but refuses the connection; its message says why: %w", err)
	}
	return fmt.Errorf("PostgreSQL cannot be reached; check host and port in the database URL, and that the server is running: %w", err)
}
