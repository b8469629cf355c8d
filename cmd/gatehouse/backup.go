package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse/storage"
)

func (c *cli) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Write a backup of the SQLite database, while the gateway runs", Args: exactly("FILE"),
		Long: `Write a backup of the SQLite database to a new file, while the gateway runs.

The secret that is kept beside the database goes to FILE.secret: without it, the
tokens in a restored database are worthless, and with it they are not: keep both
where nobody else can read them. For PostgreSQL this says which command to run.`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.backup(cmd.Context(), args[0]) },
	}
}

func (c *cli) restoreCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Put a backup in the place of the SQLite database", Args: exactly("FILE"),
		Long: `Put a backup in the place of the SQLite database, after checking it. The gateway
must be stopped. FILE.secret, if it is there, becomes the secret beside the
database.

The database is then as it was when the backup was made: what was revoked since
is not, and tokens that were refreshed since are refused. docs/operations.md says
what to do about either. For PostgreSQL this says which command to run.`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.restore(cmd.Context(), args[0], force) },
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace the database that is there")
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
	if err := wantDatabase(cfg.DatabaseURL); err != nil {
		return err
	}
	secret, kept := keptSecret(cfg)
	if kept {
		if _, err := os.Lstat(file + secretFileSuffix); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already; a backup replaces nothing: choose another name", file+secretFileSuffix)
		}
	}
	store, err := storage.Open(ctx, storage.Options{URL: cfg.DatabaseURL, Log: c.toolLog()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	switch err := store.Backup(ctx, file); {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s is there already; a backup replaces nothing: choose another name", file)
	case err != nil:
		return err
	}
	if !kept {
		return c.printf("The database is in %s. The secret is not: keep GATEHOUSE_SECRET as well.\n", file)
	}
	if err := copySecret(secret, file+secretFileSuffix); err != nil {
		return fmt.Errorf("the database is in %s, but its secret could not be copied; keep %s as well: %w", file, secret, err)
	}
	return c.printf("The database is in %s, and its secret in %s. Keep both where nobody else can read them.\n", file, file+secretFileSuffix)
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
	// The secret is judged first: half a restored gateway is none.
	withSecret := false
	if len(cfg.Secrets) == 0 {
		if withSecret, err = secretIsNeeded(file+secretFileSuffix, secret, force); err != nil {
			return err
		}
	}
	switch err := storage.Restore(ctx, cfg.DatabaseURL, file, force); {
	case errors.Is(err, storage.ErrInUse):
		return fmt.Errorf("a gateway, or another command, has %s open; stop it first", database)
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s is there already; say --force to replace it", database)
	case err != nil:
		return err
	}
	if withSecret {
		if err := copySecret(file+secretFileSuffix, secret); err != nil {
			return fmt.Errorf("the database is restored, but its secret is not; copy %s to %s: %w", file+secretFileSuffix, secret, err)
		}
	}
	message := "The database is restored, with its secret.\n"
	if _, err := os.Stat(secret); len(cfg.Secrets) > 0 {
		message = "The database is restored. Its tokens work if GATEHOUSE_SECRET is the one that it had.\n"
	} else if errors.Is(err, fs.ErrNotExist) {
		message = "The database is restored, but there is no secret for it: a new one will be made, and people must authorise their apps again.\n"
	}
	return c.printf("%s", message)
}

// secretIsNeeded reports whether the secret of a backup must be copied to where
// the database's is. Another one that is there is replaced by force only.
func secretIsNeeded(backup, secret string, force bool) (bool, error) {
	restored, err := readSecretFile(backup)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	there, err := os.ReadFile(secret)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, err
	case strings.TrimRight(string(there), "\r\n") == string(restored):
		return false, nil
	case !force:
		return false, fmt.Errorf("%s is there already, and is not the secret of the backup; say --force to replace it", secret)
	}
	return true, nil
}

// copySecret copies a secret to a file that only its owner may read, all at once.
// One that is there is replaced.
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

// wantDatabase keeps a command that reads a SQLite database from making one.
func wantDatabase(databaseURL string) error {
	if path := sqlitePath(databaseURL); !isPostgres(databaseURL) {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no database %s; GATEHOUSE_DATABASE_URL says where it is", path)
		}
	}
	return nil
}
