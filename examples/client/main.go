package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"gatehouse/examples/client/relyingparty"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "client:", err)
		}
		os.Exit(2)
	}
}

// run serves one scenario until ctx is done.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	listen, config, err := parse(args, stderr)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer func() { _ = listener.Close() }()
	if config.BaseURL == "" {
		config.BaseURL = baseURL(listener.Addr())
	}
	handler, err := relyingparty.New(config)
	if err != nil {
		return err
	}

	fmt.Fprintf(stdout, "Open            %s\n", config.BaseURL)
	fmt.Fprintf(stdout, "Issuer          %s\n", config.Issuer)
	fmt.Fprintf(stdout, "Callback URL    %s   (register the app with it)\n", config.Scenarios[0].RedirectURI(config.BaseURL))

	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		stopped <- server.Shutdown(grace)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return <-stopped
}

// parse parses the flags into the address to listen on and a configuration with one scenario.
func parse(args []string, stderr io.Writer) (listen string, config relyingparty.Config, err error) {
	scenario := relyingparty.Scenario{Name: "Your app", Slug: "app"}
	flags := flag.NewFlagSet("client", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&listen, "listen", "127.0.0.1:8066", "`address` to listen on; use a loopback address, because this client has no sign-in")
	flags.StringVar(&config.BaseURL, "base-url", "", "`URL` at which browsers reach this client (default: http://localhost:<port>)")
	flags.StringVar(&config.Issuer, "issuer", "http://localhost:8065", "`URL` of the authorization server, exactly as the server writes it")
	flags.StringVar(&scenario.ClientID, "client-id", "", "client `ID` of the registered app (required)")
	flags.StringVar(&scenario.ClientSecret, "client-secret", "", "client `secret`; other users of this computer can see it in the process list")
	secretFile := flags.String("client-secret-file", "", "`file` that contains the client secret")
	flags.BoolVar(&scenario.Public, "public", false, "the app is a public client: it has no secret and must use PKCE")
	flags.BoolVar(&scenario.Implicit, "implicit", false, "use the implicit grant (not recommended, RFC 9700 section 2.1.2)")
	flags.BoolVar(&scenario.Basic, "basic", false, "send the client secret by client_secret_basic instead of client_secret_post")
	flags.BoolVar(&scenario.NoPKCE, "no-pkce", false, "do not use PKCE (confidential clients only)")
	flags.StringVar(&scenario.Scope, "scope", "", "`scope` to request, separated by spaces (default: the server's default scope)")
	flags.StringVar(&scenario.Resource, "resource", "", "`URI` of the resource to request (RFC 8707)")
	flags.StringVar(&config.AuthorizePath, "authorize-path", "", "authorization endpoint, a `path` below the issuer or a URL (default: from the metadata, or "+relyingparty.DefaultAuthorizePath+")")
	flags.StringVar(&config.TokenPath, "token-path", "", "token endpoint, a `path` below the issuer or a URL (default: from the metadata, or "+relyingparty.DefaultTokenPath+")")
	flags.StringVar(&config.MePath, "me-path", "", "resource that returns the user, a `path` below the issuer or a URL (default: "+relyingparty.DefaultMePath+")")
	if err := flags.Parse(args); err != nil {
		return "", config, err
	}
	if flags.NArg() > 0 {
		return "", config, fmt.Errorf("unexpected argument %q: use flags only", flags.Arg(0))
	}
	if scenario.ClientID == "" {
		return "", config, errors.New("-client-id is missing: use the client ID that the server showed when you registered the app")
	}
	if *secretFile != "" {
		secret, err := os.ReadFile(*secretFile)
		if err != nil {
			return "", config, fmt.Errorf("read client secret: %w", err)
		}
		scenario.ClientSecret = strings.TrimSpace(string(secret))
	}
	config.Scenarios = []relyingparty.Scenario{scenario}
	return listen, config, nil
}

// baseURL returns the URL of the listener. Its host is localhost for a loopback address,
// because developers usually register redirect URIs with localhost.
func baseURL(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return "http://" + addr.String()
	}
	if ip := net.ParseIP(host); ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}
