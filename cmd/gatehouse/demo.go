package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"

	"github.com/spf13/cobra"

	"gatehouse/examples/client/relyingparty"
	"gatehouse/server"
)

// demoFlags say where the demo runs.
type demoFlags struct {
	listen, clientListen, database string
	verbose                        bool
}

func (c *cli) demoCommand() *cobra.Command {
	var flags demoFlags
	cmd := &cobra.Command{
		Use: "demo", Short: "Try everything, with sample users, apps and a sample client", Args: exactly(),
		Long: `Run a gateway and a sample client in one process, for trying them out and for
developing a client against. People, apps and passwords are made up and known to
everybody, so it listens on this computer only. GATEHOUSE_ variables have no effect.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.demo(cmd.Context(), flags) },
	}
	cmd.Flags().StringVar(&flags.listen, "listen", "127.0.0.1:8065", "address of the gateway")
	cmd.Flags().StringVar(&flags.clientListen, "client-listen", "127.0.0.1:8066", "address of the sample client")
	cmd.Flags().StringVar(&flags.database, "database", "sqlite::memory:", "database, as GATEHOUSE_DATABASE_URL; the default is forgotten at the end")
	cmd.Flags().BoolVarP(&flags.verbose, "verbose", "v", false, "log every request")
	return cmd
}

func (c *cli) demo(ctx context.Context, flags demoFlags) (err error) {
	for name, address := range map[string]string{"--listen": flags.listen, "--client-listen": flags.clientListen} {
		if !isLoopback(address) {
			return usagef("%s must be an address of this computer such as 127.0.0.1:8065, since everybody knows the demo's passwords; use `gatehouse serve` for anything else", name)
		}
	}
	cfg := config{DatabaseURL: flags.database, LogLevel: slog.LevelWarn, LogFormat: "text"}
	if flags.verbose {
		cfg.LogLevel = slog.LevelInfo
	}
	if isPostgres(cfg.DatabaseURL) { // beside which no secret can be kept: the demo's tokens end with it
		cfg.Secrets = [][]byte{newSealingSecret()}
	}
	log := c.newLog(cfg)

	gatewayListener, err := listen(ctx, flags.listen, "choose another address: gatehouse demo --listen 127.0.0.1:8165")
	if err != nil {
		return err
	}
	clientListener, err := listen(ctx, flags.clientListen, "choose another address: gatehouse demo --client-listen 127.0.0.1:8166")
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
	secrets, err := sealingSecrets(cfg, log)
	if err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	version := readVersion()
	g, err := server.NewGateway(server.GatewayConfig{
		SiteURL: gatewayURL, Secrets: secrets, Registrations: cfg.RegistrationRate,
		Version: version.Version, Build: version.Build, Store: store, Log: log,
	})
	if err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	scenarios, err := fillDemo(ctx, store, g.Users, clientURL.String())
	if err != nil {
		return errors.Join(fmt.Errorf("fill the demo: %w", err), closeAll(listeners))
	}
	client, err := relyingparty.New(relyingparty.Config{BaseURL: clientURL.String(), Issuer: gatewayURL.String(), Scenarios: scenarios})
	if err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	listeners[0].Handler, listeners[1].Handler = g.Handler, client
	if err := c.welcome(gatewayURL, clientURL, flags); err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	return server.Run(ctx, log, listeners...)
}

// welcome tells a stranger where to click, and with which name and password.
func (c *cli) welcome(gatewayURL, clientURL *url.URL, flags demoFlags) error {
	forgotten := "Everything is forgotten when it stops."
	if flags.database != "sqlite::memory:" {
		forgotten = "What happens here is kept in " + flags.database + "."
		if isPostgres(flags.database) {
			forgotten = "What happens here is kept in the database."
		}
	}
	ada, bob := demoUsers()
	return c.printf(`Gatehouse is running, for trying it out on this computer only.

  Open     %s   a sample app: sign in through the gateway and see every step
  Sign in  as %s with the password %s (System Admin), or as %s with %s
  Gateway  %s   where people sign in, and what your own client talks to

Stop it with Ctrl+C. %s
`, clientURL, ada.name, ada.password, bob.name, bob.password, gatewayURL, forgotten)
}

// browserURL is what the browser calls a listener of this computer.
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
