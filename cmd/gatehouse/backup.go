package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse/storage"
)

func (c *cli) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Back up the SQLite database", Args: exactly("FILE"),
		Long: `Back up the SQLite database to a new file. The gateway can keep running.

The secret that is stored beside the database is copied to FILE.secret. Without it,
existing codes and tokens do not work after a restore. An attacker who has both files
can create valid tokens, so store them where other users cannot read them.

For PostgreSQL, this command prints the pg_dump command to run.`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.backup(cmd.Context(), args[0]) },
	}
}

func (c *cli) restoreCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Restore the SQLite database from a backup", Args: exactly("FILE"),
		Long: `Check a backup and restore the SQLite database from it. Stop the gateway first. If
FILE.secret exists, it becomes the secret beside the database.

The database then has the state of the backup: what was revoked after the backup is
valid again, and tokens that were refreshed after it are refused. docs/operations.md
explains what to do about both.

For PostgreSQL, this command prints the pg_restore command to run.`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.restore(cmd.Context(), args[0], force) },
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace the existing database")
	return cmd
}

func (c *cli) backup(ctx context.Context, file string) (err error) {
	cfg, err := loadConfig(c.environ, forTools)
	if err != nil {
		return err
	}
	if isPostgres(cfg.DatabaseURL) {
		return postgresTool("pg_dump --format=custom --no-owner --file=" + quote(file) + " " + quote(libpqURL(cfg.DatabaseURL)))
	}
	// The store is opened first, so that a missing database is the first error. A database
	// of an older version can be backed up: operators do that before they migrate it.
	store, err := openExisting(ctx, storage.Options{URL: cfg.DatabaseURL, Log: c.toolLog()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	secret, inUse := secretFile(cfg)
	if inUse {
		if _, err := os.Lstat(file + secretFileSuffix); !errors.Is(err, fs.ErrNotExist) {
			return fileExists(file + secretFileSuffix)
		}
	}
	switch err := store.Backup(ctx, file); {
	case errors.Is(err, fs.ErrExist):
		return fileExists(file)
	case err != nil:
		return err
	}
	switch {
	case cfg.Secret != "":
		return c.printf("The database was backed up to %s. The backup does not contain the secret: store GATEHOUSE_SECRET as well.\n", file)
	case !inUse:
		return c.printf("The database was backed up to %s. There is no secret beside the database yet: the gateway creates it at its first start. If your gateway uses GATEHOUSE_SECRET, store it as well.\n", file)
	}
	if err := copySecret(secret, file+secretFileSuffix); err != nil {
		return fmt.Errorf("the database was backed up to %s, but its secret could not be copied; back up %s as well: %w", file, secret, err)
	}
	return c.printf("The database was backed up to %s, and its secret to %s. Store both where other users cannot read them.\n", file, file+secretFileSuffix)
}

func fileExists(file string) error {
	return fmt.Errorf("%s exists already, and a backup does not replace files; choose another name", file)
}

func (c *cli) restore(ctx context.Context, file string, force bool) error {
	cfg, err := loadConfig(c.environ, forTools)
	if err != nil {
		return err
	}
	if isPostgres(cfg.DatabaseURL) {
		return postgresTool("pg_restore --clean --if-exists --no-owner --single-transaction --dbname=" + quote(libpqURL(cfg.DatabaseURL)) + " " + quote(file))
	}
	database := sqlitePath(cfg.DatabaseURL)
	secret := database + secretFileSuffix
	// The secret is checked first, because a database without its secret is not a
	// complete restore.
	withSecret := false
	if cfg.Secret == "" {
		if withSecret, err = mustCopySecret(file+secretFileSuffix, secret, force); err != nil {
			return err
		}
	}
	switch err := storage.Restore(ctx, cfg.DatabaseURL, file, force); {
	case errors.Is(err, storage.ErrInUse):
		return fmt.Errorf("a gateway or another command uses %s; stop it first", database)
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s exists already; use --force to replace it", database)
	case err != nil:
		return err
	}
	if withSecret {
		if err := copySecret(file+secretFileSuffix, secret); err != nil {
			return fmt.Errorf("the database was restored, but its secret was not; copy %s to %s: %w", file+secretFileSuffix, secret, err)
		}
	}
	message := "The database was restored with its secret.\n"
	if _, err := os.Stat(secret); cfg.Secret != "" {
		message = "The database was restored. Its tokens work if GATEHOUSE_SECRET has the same value as before.\n"
	} else if errors.Is(err, fs.ErrNotExist) {
		message = "The database was restored without its secret. The gateway will create a new secret, and users must authorize their apps again.\n"
	}
	return c.printLines(message)
}

// mustCopySecret reports whether the secret of a backup must be copied beside the
// database. It returns an error if another secret would be replaced without force.
func mustCopySecret(backup, secret string, force bool) (bool, error) {
	restored, err := readSecretFile(backup)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	existing, err := os.ReadFile(secret)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, err
	case strings.TrimRight(string(existing), "\r\n") == string(restored):
		return false, nil
	case !force:
		return false, fmt.Errorf("%s exists already and is not the secret of the backup; use --force to replace it", secret)
	}
	return true, nil
}

// copySecret copies a secret to a file that only its owner can read. It replaces an
// existing file atomically.
func copySecret(from, to string) (err error) {
	secret, err := readSecretFile(from)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(to), filepath.Base(to)+".*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(append(secret, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), to)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// sqlitePath returns the file of a SQLite URL.
func sqlitePath(databaseURL string) string {
	return strings.TrimPrefix(strings.TrimPrefix(databaseURL, "sqlite:"), "//")
}

// postgresTool returns an error with the command of PostgreSQL that does the job.
func postgresTool(command string) error {
	return fmt.Errorf("use PostgreSQL's own command, which reads the password from PGPASSWORD or asks for it:\n  %s", command)
}

// libpqParameters returns the parameters of a database URL that PostgreSQL's programs accept too.
func libpqParameters() []string {
	return []string{"host", "port", "user", "dbname", "connect_timeout", "sslmode", "sslrootcert", "sslcert", "sslkey", "target_session_attrs"}
}

// libpqURL returns a database URL for PostgreSQL's programs, without the password.
func libpqURL(databaseURL string) string {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return "postgres://…"
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	kept := url.Values{}
	for _, name := range libpqParameters() {
		if values, ok := u.Query()[name]; ok {
			kept[name] = values
		}
	}
	u.RawQuery = kept.Encode()
	return u.String()
}

// quote quotes an argument for a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
