// Package compose holds the tests of the stack in docker-compose.yml, from
// outside: three nodes over one PostgreSQL behind nginx.
//
//	run.sh (make compose-test) ─▶ builds and starts the stack ─▶ go test ─▶ takes it down
//
//	browser, app ──▶ through nginx: https://localhost:18443, its certificate verified
//	             └─▶ to one node:   the port that docker-compose.test.yml publishes for it
//	docker, docker compose ──▶ restarts, kills, pauses, cuts off from the database, fills disks
//
// It is a module of its own: `go test ./...` at the root does not run it, because
// without the stack it could only fail. It knows nothing of the code that it
// tests, and has no code of its own.
package compose
