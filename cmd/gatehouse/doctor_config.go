package main

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"gatehouse/doctor"
	"gatehouse/storage"
)

// configExamination is one run of `gatehouse doctor --config`.
type configExamination struct {
	*doctor.Checklist
	cfg config
}

// examineConfig checks the configuration from the environment: the gateway that it
// describes is not started, and the database is only read.
func (c *cli) examineConfig(ctx context.Context) doctor.Report {
	e := &configExamination{Checklist: doctor.NewChecklist(configRules())}
	target := "the configuration of this computer for " + readVersion().String()
	var wrong *configError
	cfg, err := loadConfig(c.environ, forServing)
	if errors.As(err, &wrong) {
		for _, variable := range slices.Sorted(maps.Keys(wrong.problems)) {
			e.Broken(configVariables, "%s: %s", variable, wrong.problems[variable])
		}
		return e.Report(target)
	}
	e.cfg = cfg
	e.Met(configVariables, "All environment variables are valid.")
	e.checkDatabase(ctx, storageOptions(cfg, c.toolLog()))
	e.checkSecret()
	e.checkFileModes(c.environ)
	e.checkPlainHTTP()
	e.checkListen()
	e.checkProxies()
	e.checkCertificate()
	return e.Report(target)
}

// checkDatabase opens the database read-only.
func (e *configExamination) checkDatabase(ctx context.Context, o storage.Options) {
	o.ReadOnly = true
	path := sqlitePath(o.URL)
	switch info, err := os.Stat(path); {
	case isPostgres(o.URL):
	case path == ":memory:":
		e.Broken(configNewDatabase, "The database is in memory, so all data ends with the process.")
		return
	case errors.Is(err, fs.ErrNotExist) && isDirectory(filepath.Dir(path)):
		e.Broken(configNewDatabase, "The database %s does not exist.", path)
		return
	case err == nil && info.Size() == 0:
		e.Broken(configNewDatabase, "The database %s is empty.", path)
		return
	}
	store, err := storage.Open(ctx, o)
	if err != nil {
		e.Broken(configDatabase, "The database cannot be used: %v.", err)
		return
	}
	err = e.readDatabase(ctx, store)
	if err = errors.Join(err, store.Close()); err != nil {
		e.Broken(configDatabase, "The database cannot be read: %v.", err)
	}
}

// readDatabase judges a database that could be opened.
func (e *configExamination) readDatabase(ctx context.Context, store *storage.Store) error {
	engine, err := store.EngineVersion(ctx)
	if err != nil {
		return err
	}
	if err := store.CheckIntegrity(ctx); err != nil {
		return err
	}
	version, latest, err := store.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	e.Met(configDatabase, "The database can be read, and is not damaged as far as its engine can tell; the engine is %s.", engine)
	if e.checkSchema(version, latest); version < latest {
		return nil // The other statements need the tables.
	}
	ahead, err := store.ClockAhead(ctx)
	if err != nil {
		return err
	}
	e.checkClock(ahead)
	missing, err := store.LacksSystemAdmin(ctx)
	if err != nil {
		return err
	}
	if missing {
		e.Broken(configSystemAdmin, "There are users, but none of them is an active System Admin, so no user can open the console.")
	} else {
		e.Met(configSystemAdmin, "There is an active System Admin, or no user yet.")
	}
	return nil
}

// checkSchema compares the migrations of the database and of this program.
func (e *configExamination) checkSchema(version, latest int64) {
	switch {
	case version < latest:
		e.Broken(configMigrations, "The database is at migration %d, and this version of Gatehouse needs migration %d.", version, latest)
	case version > latest:
		e.Met(configMigrations, "The database has all migrations of this version of Gatehouse.")
		e.Broken(configNewerVersion, "A newer version of Gatehouse has migrated the database to %d; this version knows migration %d.", version, latest)
	default:
		e.Met(configMigrations, "The database is at migration %d, which is the last one.", version)
	}
}

// maxDatabaseClock is how far the clocks of this computer and PostgreSQL may differ. The
// clocks of nodes should agree within seconds (docs/operations.md).
const maxDatabaseClock = 2 * time.Second

func (e *configExamination) checkClock(ahead time.Duration) {
	if ahead.Abs() > maxDatabaseClock {
		e.Broken(configClock, "The clocks of this computer and the database differ by %s.", ahead.Abs().Round(time.Millisecond))
	} else {
		e.Met(configClock, "The clocks of this computer and the database agree.")
	}
}

// checkSecret reads the secret beside a SQLite database, if the gateway would use it.
func (e *configExamination) checkSecret() {
	path := sqlitePath(e.cfg.DatabaseURL) + secretFileSuffix
	if e.cfg.Secret != "" {
		e.Met(configSecret, "GATEHOUSE_SECRET is set.")
		return
	}
	_, err := readSecretFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && e.IsBroken(configNewDatabase, configMigrations):
		e.Met(configSecret, "There is no secret yet; the gateway creates one at its start.")
	case errors.Is(err, fs.ErrNotExist):
		e.Broken(configSecret, "The database exists, but the file %s with its secret does not.", path)
	case err != nil:
		e.Broken(configSecret, "The secret cannot be used: %v.", err)
	default:
		e.Met(configSecret, "The secret in %s can be used.", path)
	}
}

// checkFileModes looks at the files that variables name. The modes of the SQLite database
// and its secret are conditions of opening them. Other members of a group may have a reason to read
// a file. Files below /run/secrets belong to a container, which has no other users.
func (e *configExamination) checkFileModes(environ []string) {
	if runtime.GOOS == "windows" { // Windows has other permissions.
		return
	}
	files := map[string]string{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "GATEHOUSE_") && strings.HasSuffix(name, "_FILE") && !strings.HasPrefix(value, "/run/secrets/") {
			files[name] = value
		}
	}
	files["GATEHOUSE_TLS_KEY"] = e.cfg.TLSKey
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if files[name] == "" {
			continue
		}
		info, err := os.Stat(files[name])
		switch {
		case err != nil:
			e.Broken(configFileMode, "The mode of the file in %s cannot be read: %v.", name, err)
		case info.Mode().Perm()&0o007 != 0:
			e.Broken(configFileMode, "Other users of this computer can use the file %s in %s (mode %04o).", files[name], name, info.Mode().Perm())
		}
	}
	if !e.IsBroken(configFileMode) {
		e.Met(configFileMode, "Other users of this computer cannot read the files with secrets.")
	}
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
