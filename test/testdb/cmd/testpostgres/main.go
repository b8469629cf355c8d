// Command testpostgres runs a command with a private PostgreSQL server, so that
// all test packages use one server:
//
//	go run ./test/testdb/cmd/testpostgres -- go test ./...
//
// With -durable before the --, the server waits for the disk as in production, for
// benchmarks. The command finds the server's URL in GATEHOUSE_TEST_POSTGRES_URL. If
// that variable is set already, testpostgres starts no server. The exit status is
// that of the command. It refuses to run while GATEHOUSE_TEST_ENGINES leaves out
// PostgreSQL.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"gatehouse/test/testdb"
)

func main() {
	status, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "testpostgres:", err)
	}
	os.Exit(status)
}

func run(args []string) (status int, err error) {
	durability := testdb.Fast
	if len(args) > 0 && args[0] == "-durable" {
		durability, args = testdb.Durable, args[1:]
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return 2, errors.New("usage: testpostgres [-durable] -- command [argument…]")
	}
	if os.Getenv(testdb.EnginesVariable) != "" {
		return 2, fmt.Errorf("%s is set, but the command must run on every engine; unset the variable", testdb.EnginesVariable)
	}
	cmd := exec.Command(args[0], args[1:]...) //nolint:gosec // the caller's own command
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = os.Environ()
	if os.Getenv(testdb.URLVariable) == "" {
		server, err := testdb.StartPostgres(durability)
		if err != nil {
			return 1, err
		}
		defer func() {
			if stopErr := server.Stop(); stopErr != nil {
				status, err = 1, fmt.Errorf("stop PostgreSQL: %w", stopErr)
			}
		}()
		cmd.Env = append(cmd.Env, testdb.URLVariable+"="+server.URL)
	}
	// Ctrl-C reaches the command as well, because both are in one process group, so we only wait.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if s == syscall.SIGTERM {
				_ = cmd.Process.Signal(s) // The command may have ended already.
			}
		case err := <-ended:
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				return max(1, exit.ExitCode()), nil
			}
			if err != nil {
				return 1, err
			}
			return 0, nil
		}
	}
}
