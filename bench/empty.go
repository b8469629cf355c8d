package main

import (
	"context"
	"net/http"
	"os"
	"os/exec"
)

// serveEmpty serves a handler that does nothing. No handler of net/http is faster.
func serveEmpty(address string) error {
	return http.ListenAndServe(address, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})) //nolint:gosec // only the load generator calls it
}

// startEmpty runs serveEmpty in another process, as the nodes are, and returns its URL. The
// process ends with ctx.
func startEmpty(ctx context.Context) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	address, err := freeAddress()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, self, "-empty", address) //nolint:gosec // this program
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return "", err
	}
	go func() { _ = cmd.Wait() }() // It is killed.
	return "http://" + address, nil
}
