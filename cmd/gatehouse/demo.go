package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"gatehouse/examples/client/relyingparty"
	"gatehouse/server"
	"gatehouse/storage"
)

// demoDatabase is the default database of the demo. It ends with the process.
const demoDatabase = "sqlite::memory:"

type demoFlags struct {
	listen, clientListen, database string
	verbose, ephemeral             bool
	callbackURLs                   []string
}

func (c *cli) demoCommand() *cobra.Command {
	var flags demoFlags
	cmd := &cobra.Command{
		Use: "demo", Short: "Try Gatehouse with sample users, sample apps and a sample client", Args: exactly(),
		Long: `Run a gateway and a sample client in one process, to try them or to develop a client.
The users, apps and passwords are published in Gatehouse's source code, so the demo
listens on this computer only. GATEHOUSE_ variables have no effect.

--ephemeral is for tests of a client: it starts only the gateway, on a free port, with no
data on disk, and prints one line of JSON when it is ready: the issuer, the apps with
their secrets and redirect URIs, and the users. SIGTERM stops it.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !flags.ephemeral {
				if len(flags.callbackURLs) > 0 {
					return usagef("--callback-url needs --ephemeral; the apps of the demo otherwise belong to the sample client")
				}
				return c.demo(cmd.Context(), flags)
			}
			for _, name := range []string{"database", "client-listen"} {
				if cmd.Flags().Changed(name) {
					return usagef("use only one of --ephemeral and --%s", name)
				}
			}
			if !cmd.Flags().Changed("listen") {
				flags.listen = "127.0.0.1:0"
			}
			return c.ephemeralDemo(cmd.Context(), flags)
		},
	}
	cmd.Flags().StringVar(&flags.listen, "listen", "127.0.0.1:8065", "address of the gateway")
	cmd.Flags().StringVar(&flags.clientListen, "client-listen", "127.0.0.1:8066", "address of the sample client")
	cmd.Flags().StringVar(&flags.database, "database", demoDatabase, "database URL, as in GATEHOUSE_DATABASE_URL; the default keeps no data")
	cmd.Flags().BoolVar(&flags.ephemeral, "ephemeral", false, "for tests: a gateway on a free port, without data on disk, described in JSON")
	cmd.Flags().StringArrayVar(&flags.callbackURLs, "callback-url", nil, "with --ephemeral: a callback URL of every app (repeat it for several); the default is /callback on any port of this computer")
	cmd.Flags().BoolVarP(&flags.verbose, "verbose", "v", false, "log every request")
	return cmd
}

func (c *cli) demo(ctx context.Context, flags demoFlags) (err error) {
	for name, address := range map[string]string{"--listen": flags.listen, "--client-listen": flags.clientListen} {
		if err := checkDemoAddress(name, address); err != nil {
			return err
		}
	}
	cfg := demoConfig(flags)
	if isPostgres(cfg.DatabaseURL) { // there is no directory for a secret, so tokens work until the demo stops
		cfg.Secret = string(newSealingSecret())
	}
	log := c.newLog(cfg)

	gatewayListener, err := listen(ctx, flags.listen, "--listen")
	if err != nil {
		return err
	}
	clientListener, err := listen(ctx, flags.clientListen, "--client-listen")
	if err != nil {
		return errors.Join(err, gatewayListener.Close())
	}
	listeners := []server.Listener{{Listener: gatewayListener}, {Listener: clientListener}}
	gatewayURL, clientURL := browserURL(gatewayListener), browserURL(clientListener)

	store, err := openMigrated(ctx, cfg, log)
	if err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	g, err := newDemoGateway(cfg, gatewayURL, store, log)
	if err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	scenarios := demoScenarios()
	err = fillDemo(ctx, store, g.Users, demoApps(scenarios, clientURL.String()))
	if err != nil {
		return errors.Join(fmt.Errorf("fill the demo: %w", err), closeAll(listeners))
	}
	client, err := relyingparty.New(relyingparty.Config{BaseURL: clientURL.String(), Issuer: gatewayURL.String(), Scenarios: scenarios})
	if err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	listeners[0].Handler, listeners[1].Handler = g.Handler, client
	if err := c.printWelcome(gatewayURL, clientURL, flags.database); err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	return runDemo(ctx, g, log, nil, listeners...)
}

// runDemo serves until ctx ends. It calls running, which may be nil, when every listener is
// served.
func runDemo(ctx context.Context, g *server.Gateway, log *slog.Logger, running func(), listeners ...server.Listener) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { g.Logouts.Run(ctx); return nil })
	group.Go(func() error { return server.Run(ctx, log, running, listeners...) })
	return group.Wait()
}

func demoConfig(flags demoFlags) config {
	cfg := config{DatabaseURL: flags.database, LogLevel: slog.LevelWarn, LogFormat: "text"}
	if flags.verbose {
		cfg.LogLevel = slog.LevelInfo
	}
	return cfg
}

// checkDemoAddress returns an error if other computers can reach an address.
func checkDemoAddress(flag, address string) error {
	if !isLoopback(address) {
		return usagef("%s must be an address of this computer, such as 127.0.0.1:8065, because the passwords of the demo are public; to serve other computers, use `gatehouse serve`", flag)
	}
	return nil
}

func newDemoGateway(cfg config, siteURL *url.URL, store *storage.Store, log *slog.Logger) (*server.Gateway, error) {
	secrets, err := sealingSecrets(cfg, log)
	if err != nil {
		return nil, err
	}
	version := readVersion()
	return server.NewGateway(server.GatewayConfig{
		SiteURL: siteURL, Secrets: secrets, Registrations: cfg.RegistrationRate,
		Version: version.Version, Build: version.Build, Store: store, Log: log,
	})
}

// printWelcome prints the URLs to open and the users to sign in as.
func (c *cli) printWelcome(gatewayURL, clientURL *url.URL, database string) error {
	ada, bob := demoUsers()
	if err := c.printf(`The Gatehouse demo is running. Only this computer can reach it.

  Open     %s  the sample client: sign in through the gateway and see every step
  Sign in  as %s with the password %s (System Admin), or as %s with the password %s
  Gateway  %s  the pages for users, and the URL for your own client

`, clientURL, ada.name, ada.password, bob.name, bob.password, gatewayURL); err != nil {
		return err
	}
	switch {
	case database == demoDatabase:
		return c.printf("Press Ctrl+C to stop it. All data is then deleted.\n")
	case isPostgres(database): // its URL may contain a password
		return c.printf("Press Ctrl+C to stop it. The database keeps all data.\n")
	}
	return c.printf("Press Ctrl+C to stop it. %s keeps all data.\n", sqlitePath(database))
}

// browserURL returns the URL of a listener for a browser on this computer.
func browserURL(l net.Listener) *url.URL {
	_, port, _ := net.SplitHostPort(l.Addr().String()) // a TCP listener's address has a port
	return &url.URL{Scheme: "http", Host: net.JoinHostPort("localhost", port)}
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
