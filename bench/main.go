package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	binary := flag.String("gatehouse", "bin/gatehouse", "path of the gatehouse binary")
	database := flag.String("database", "", "postgres:// URL of an empty database (default: SQLite in a temporary directory)")
	connections := flag.String("c", "8,32", "comma-separated numbers of workers; each number is one run")
	duration := flag.Duration("d", 5*time.Second, "duration of each run")
	nodes := flag.Int("nodes", 1, "number of nodes; calls go to them in turn; more than one node needs a PostgreSQL database")
	under := flag.String("under", "", `command that starts each node, in which {n} is the number of the node, such as "cgexec -g cpu:bench{n}" to limit its processor time`)
	openID := flag.Bool("openid", false, "also measure OpenID Connect: the flow with an ID token for each algorithm, the key set, discovery, and an empty handler")
	empty := flag.String("empty", "", "`address` on which to serve an empty handler, and nothing else (the program starts itself with it)")
	only := flag.String("only", "", "comma-separated scenarios (default: all)")
	flag.Parse()

	if *empty != "" {
		return serveEmpty(*empty)
	}
	if *nodes < 1 {
		return fmt.Errorf("-nodes %d: use at least 1", *nodes)
	}
	g, err := startGateway(ctx, options{*binary, *database, *nodes, strings.Fields(*under)})
	if err != nil {
		return err
	}
	defer g.stop()
	fmt.Printf("%-12s %4s %12s %10s %10s %10s %12s %8s\n", "scenario", "c", "per second", "p50", "p99", "max", "CPU per call", "failed")
	list := scenarios(g)
	if *openID {
		child, stop := context.WithCancel(ctx)
		defer stop()
		address, err := startEmpty(child)
		if err != nil {
			return err
		}
		list = append(list, openIDScenarios(g, address)...)
	}
	for _, s := range list {
		if *only != "" && !strings.Contains(","+*only+",", ","+s.name+",") {
			continue
		}
		for _, c := range strings.Split(*connections, ",") {
			var n int
			if _, err := fmt.Sscan(c, &n); err != nil || n < 1 {
				return fmt.Errorf("-c %q: use comma-separated numbers, such as 8,32", *connections)
			}
			before := g.cpu()
			r := load(ctx, n, *duration, s.prepare)
			cpu := (g.cpu() - before) / time.Duration(max(len(r.took), 1))
			fmt.Printf("%-12s %4d %12.0f %10s %10s %10s %12s %8d\n", s.name, n, r.perSecond(), r.quantile(0.5), r.quantile(0.99), r.quantile(1), cpu.Round(time.Microsecond), r.failed)
			if r.err != nil {
				fmt.Println("  first failure:", r.err)
			}
		}
	}
	for i, n := range g.nodes {
		fmt.Printf("memory of node %d at the end: %s\n", i+1, n.memory())
	}
	return ctx.Err()
}
