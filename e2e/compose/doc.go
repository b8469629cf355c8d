// Package compose holds the tests of the stack in docker-compose.yml: three nodes on
// one PostgreSQL database, behind nginx.
//
//	run.sh (make compose-test) ─▶ builds and starts the stack ─▶ go test ─▶ removes it
//
//	browser, app ──▶ through nginx: https://localhost:18443, its certificate verified
//	             └─▶ to one node:   the port that docker-compose.test.yml publishes for it
//	docker, docker compose ──▶ restarts, kills, pauses, cuts off from the database, fills disks
//
// If no container registry can be reached, run.sh makes local stand-ins for the base
// images (base-images).
//
// It is a separate module, so that `go test ./...` in the root does not run these
// tests: they fail without the stack. They use only what the stack publishes. The
// package has no code other than tests.
package compose
