// Command gatehouse is the gateway, and the commands of the operator.
//
//	main ─▶ run ─▶ cobra ─┬▶ serve    config ─▶ store ─▶ secret ─▶ server.Assemble ─▶ server.Run
//	                      ├▶ demo     the same, in one process with a sample client
//	                      ├▶ user, app, settings    config ─▶ store ─▶ the services of account, registration and console
//	                      ├▶ migrate, backup, restore, migrate-data    config ─▶ store: the whole database
//	                      ├▶ doctor   package doctor for a URL; --config: config ─▶ store, read-only
//	                      └▶ healthcheck, version
//
// Only this package reads the environment (config.go). Only this package and the tests
// import package storage; the other packages get interfaces.
//
// The exit status is 0 if the command succeeded, 1 if it failed, and 2 if the command
// line is not valid. The result goes to standard output. Errors, one sentence each, and
// the log go to standard error.
package main
