package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"gatehouse"
	"gatehouse/server"
	"gatehouse/storage"
)

func (c *cli) serveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Run the gateway", Args: exactly(),
		Long: "Run the gateway until SIGTERM or Ctrl+C. Requests in progress then finish first.\n`gatehouse help environment` explains the configuration.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.serve(cmd.Context()) },
	}
}

func (c *cli) serve(ctx context.Context) (err error) {
	cfg, err := loadConfig(c.environ, forServing)
	if err != nil {
		return err
	}
	defer runtime.KeepAlive(heapFloor(c.environ))
	log := c.newLog(cfg)
	store, err := storage.Open(ctx, storageOptions(cfg, log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := store.CheckIntegrity(ctx); err != nil { // before a migration writes to a damaged file
		return err
	}
	if err := store.MigrateUp(ctx); err != nil {
		return err
	}
	secrets, err := sealingSecrets(cfg, log)
	if err != nil {
		return err
	}
	metrics := server.NewMetrics()
	metrics.WatchDatabase(store)
	version := readVersion()
	tracers, flush, err := startTracing(ctx, c.environ, version.Version, log)
	if err != nil {
		return err
	}
	defer flush()
	g, err := server.NewGateway(server.GatewayConfig{
		SiteURL: cfg.SiteURL, Secrets: secrets, TrustedProxies: cfg.TrustedProxies, Registrations: cfg.RegistrationRate,
		Version: version.Version, Build: version.Build, Store: store, Metrics: metrics, Tracers: tracers, Log: log,
	})
	if err != nil {
		return err
	}
	listener, err := listen(ctx, cfg.Listen, "GATEHOUSE_LISTEN")
	if err != nil {
		return err
	}
	listeners := []server.Listener{{Listener: listener, Handler: g.Handler, CertFile: cfg.TLSCert, KeyFile: cfg.TLSKey}}
	if cfg.MetricsListen != "" {
		l, err := listen(ctx, cfg.MetricsListen, "GATEHOUSE_METRICS_LISTEN")
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		listeners = append(listeners, server.Listener{Listener: l, Handler: metrics.Handler()})
	}
	if err := c.createFirstAdmin(ctx, cfg, g, log); err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	if err := warnAtStart(ctx, cfg, store, log); err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	group, ctx := errgroup.WithContext(ctx)
	reaper := newReaper(reaperConfig{Store: store, Metrics: metrics, Log: log})
	group.Go(func() error { reaper.run(ctx); return nil })
	group.Go(func() error { g.Keys.Run(ctx); return nil })
	group.Go(func() error { g.Logouts.Run(ctx); return nil })
	running := func() {
		log.Info("gatehouse is running", "version", version.Version, "site_url", cfg.SiteURL.String(), "listen", addresses(listeners))
	}
	group.Go(func() error { return server.Run(ctx, log, running, listeners...) })
	err = group.Wait()
	log.Info("gatehouse has stopped")
	return err
}

const (
	// heapFloorSize is the minimum heap size in bytes, in addition to the live heap. The
	// live heap is a few megabytes, so without it the collector would run thirty times a
	// second under load.
	heapFloorSize = 24 << 20
	// heapFloorShare is the part of GOMEMLIMIT that the minimum may use, because it counts
	// against that limit.
	heapFloorShare = 4
)

// heapFloor returns memory that makes the garbage collector run less often
// (docs/decisions/0014). The memory is never touched, so no physical memory is used. It
// has an effect for as long as it is referenced. It is nil if the operator has tuned the
// collector with Go's own variables.
func heapFloor(environ []string) []byte {
	tuned := slices.ContainsFunc(environ, func(v string) bool { return strings.HasPrefix(v, "GOGC=") && v != "GOGC=" })
	if tuned || debug.SetMemoryLimit(-1) < heapFloorShare*heapFloorSize {
		return nil
	}
	return make([]byte, heapFloorSize)
}

func storageOptions(cfg config, log *slog.Logger) storage.Options {
	return storage.Options{URL: cfg.DatabaseURL, FixedSettings: cfg.FixedSettings, Log: log}
}

// openMigrated opens the database of the configuration and migrates it.
func openMigrated(ctx context.Context, cfg config, log *slog.Logger) (*storage.Store, error) {
	store, err := storage.Open(ctx, storageOptions(cfg, log))
	if err != nil {
		return nil, err
	}
	if err := store.MigrateUp(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// listen listens on an address. option is the variable or flag that sets the address.
func listen(ctx context.Context, address, option string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		_, port, _ := net.SplitHostPort(address)
		return nil, fmt.Errorf("port %s is in use by another program (%s); stop that program, or set %s to another address", port, address, option)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("the user that runs gatehouse is not allowed to listen on %s, and most systems reserve ports below 1024 for root; set %s to another address", address, option)
	}
	return nil, fmt.Errorf("cannot listen on %s; set %s to another address: %w", address, option, err)
}

// addresses returns the addresses of the listeners: the gateway's, and the metrics' if
// there is one.
func addresses(listeners []server.Listener) []string {
	var list []string
	for _, l := range listeners {
		list = append(list, l.Addr().String())
	}
	return list
}

func closeAll(listeners []server.Listener) error {
	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// createFirstAdmin creates the first System Admin from the variables, or logs the
// set-up link that does. It does nothing if there is a user.
func (c *cli) createFirstAdmin(ctx context.Context, cfg config, g *server.Gateway, log *slog.Logger) error {
	needed, err := g.SetUp.Needed(ctx)
	if err != nil || !needed {
		return err
	}
	if cfg.Admin == (firstAdmin{}) {
		link := g.SetUp.Link(cfg.SiteURL.String())
		if !log.Enabled(ctx, slog.LevelWarn) {
			c.complainf("There is no user yet. Open this link to create the first System Admin: %s\n", link)
			return nil
		}
		log.Warn("there is no user yet; open the set-up link to create the first System Admin", "set_up_link", link)
		return nil
	}
	admin, err := g.Users.CreateFirstUser(ctx, gatehouse.User{Username: cfg.Admin.Username, Email: cfg.Admin.Email}, cfg.Admin.Password)
	problems := problems{}
	for _, e := range gatehouse.FieldErrors(err) {
		variable := map[string]string{"username": "GATEHOUSE_ADMIN_USERNAME", "email": "GATEHOUSE_ADMIN_EMAIL", "password": "GATEHOUSE_ADMIN_PASSWORD"}[e.Field]
		problems.add(variable, "%s", e.Message)
	}
	switch {
	case problems.err() != nil:
		return problems.err()
	case errors.Is(err, gatehouse.ErrConflict):
		return nil // Another node created it first.
	case err != nil:
		return err
	}
	log.Info("created the first System Admin", "username", admin.Username)
	return nil
}
