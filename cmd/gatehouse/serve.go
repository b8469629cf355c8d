package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
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
		Long: "Run the gateway until it is told to stop (SIGTERM, Ctrl+C), which lets requests\nthat are under way finish. `gatehouse help environment` says how to configure it.",
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
	store, err := openChecked(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
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
	listener, err := listen(ctx, cfg.Listen, "choose another address with GATEHOUSE_LISTEN")
	if err != nil {
		return err
	}
	listeners := []server.Listener{{Listener: listener, Handler: g.Handler, CertFile: cfg.TLSCert, KeyFile: cfg.TLSKey}}
	if cfg.MetricsListen != "" {
		l, err := listen(ctx, cfg.MetricsListen, "choose another address with GATEHOUSE_METRICS_LISTEN")
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		listeners = append(listeners, server.Listener{Listener: l, Handler: metrics.Handler()})
	}
	if err := c.firstAdmin(ctx, cfg, g, log); err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	log.Info("gatehouse is running", "version", version.Version, "site_url", cfg.SiteURL.String(), "listen", addresses(listeners))

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { reapForever(ctx, store, metrics, log); return nil })
	group.Go(func() error { return server.Run(ctx, log, listeners...) })
	err = group.Wait()
	log.Info("gatehouse has stopped")
	return err
}

// openMigrated opens the database and brings it up to date.
func openMigrated(ctx context.Context, cfg config, log *slog.Logger) (*storage.Store, error) {
	return open(ctx, cfg, log, (*storage.Store).MigrateUp)
}

// openChecked is openMigrated for the gateway itself, which does not run on a
// SQLite file that is damaged.
func openChecked(ctx context.Context, cfg config, log *slog.Logger) (*storage.Store, error) {
	return open(ctx, cfg, log, (*storage.Store).CheckIntegrity, (*storage.Store).MigrateUp)
}

func open(ctx context.Context, cfg config, log *slog.Logger, first ...func(*storage.Store, context.Context) error) (*storage.Store, error) {
	store, err := storage.Open(ctx, storage.Options{URL: cfg.DatabaseURL, FixedSettings: cfg.FixedSettings, Log: log})
	if err != nil {
		return nil, err
	}
	for _, do := range first {
		if err := do(store, ctx); err != nil {
			return nil, errors.Join(err, store.Close())
		}
	}
	return store, nil
}

// listen opens an address; instead says what to do when it is taken.
func listen(ctx context.Context, address, instead string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		_, port, _ := net.SplitHostPort(address)
		return nil, fmt.Errorf("port %s is in use by another program (%s); stop that one, or %s", port, address, instead)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this user may not listen on %s; ports below 1024 are mostly reserved for root: %s", address, instead)
	}
	return nil, fmt.Errorf("cannot listen on %s; %s: %w", address, instead, err)
}

// addresses are where it listens: the gateway, and then the metrics if there are any.
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

// firstAdmin makes the first System Admin from the variables, or says where to
// make one. Where there are users already it does nothing.
func (c *cli) firstAdmin(ctx context.Context, cfg config, g *server.Gateway, log *slog.Logger) error {
	needed, err := g.SetUp.Needed(ctx)
	if err != nil || !needed {
		return err
	}
	if cfg.Admin == (firstAdmin{}) {
		link := g.SetUp.Link(cfg.SiteURL.String())
		if !log.Enabled(ctx, slog.LevelWarn) {
			c.complain("There is no user yet. Open this link once to make the first System Admin: %s\n", link)
			return nil
		}
		log.Warn("there is no user yet: open this link once to make the first System Admin", "set_up_link", link)
		return nil
	}
	admin, err := g.Users.CreateFirstUser(ctx, gatehouse.User{Username: cfg.Admin.Username, Email: cfg.Admin.Email}, cfg.Admin.Password)
	var problems problems
	for _, e := range gatehouse.FieldErrors(err) {
		variable := map[string]string{"username": "GATEHOUSE_ADMIN_USERNAME", "email": "GATEHOUSE_ADMIN_EMAIL", "password": "GATEHOUSE_ADMIN_PASSWORD"}[e.Field]
		problems.add(variable, "cannot be used: %s", e.Message)
	}
	switch {
	case problems.err() != nil:
		return problems.err()
	case errors.Is(err, gatehouse.ErrConflict):
		return nil // Another node was faster.
	case err != nil:
		return err
	}
	log.Info("made the first System Admin", "username", admin.Username)
	return nil
}
