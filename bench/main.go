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
	binary := flag.String("gatehouse", "bin/gatehouse", "the gateway to measure")
	database := flag.String("database", "", "a postgres:// URL of an empty database; empty: SQLite in a temporary directory")
	connections := flag.String("c", "8,32", "how many calls at a time, one run each")
	duration := flag.Duration("d", 5*time.Second, "how long each run lasts")
	only := flag.String("only", "", "comma-separated scenarios; empty: all")
	flag.Parse()

	g, err := startGateway(ctx, *binary, *database)
	if err != nil {
		return err
	}
	defer g.stop()
	fmt.Printf("%-12s %4s %12s %10s %10s %10s %12s %8s\n", "scenario", "c", "per second", "p50", "p99", "max", "CPU of it", "failed")
	for _, s := range scenarios(g) {
		if *only != "" && !strings.Contains(","+*only+",", ","+s.name+",") {
			continue
		}
		for _, c := range strings.Split(*connections, ",") {
			var n int
			if _, err := fmt.Sscan(c, &n); err != nil || n < 1 {
				return fmt.Errorf("-c %q is no list of numbers", *connections)
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
	fmt.Printf("memory of the gateway at the end: %s\n", g.memory())
	return ctx.Err()
}
