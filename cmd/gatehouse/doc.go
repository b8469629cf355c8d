// Command gatehouse is the gateway and the tools of whoever runs it.
//
//	main ─▶ run ─▶ cobra ─┬▶ serve    config ─▶ store ─▶ secret ─▶ assemble ─▶ server.Run
//	                      ├▶ demo     the same in one process with a sample client
//	                      ├▶ user, app, settings, migrate    config ─▶ store ─▶ the services of account and registration
//	                      ├▶ backup, restore, migrate-data    whole databases, from storage to file, back and across
//	                      └▶ healthcheck, version
//
// This is the only place that reads the environment (config.go), and, with the
// tests, the only one that imports package storage: everything else is given what
// it needs. The graph of the gateway is put together in one function, assemble.
//
// Exit status: 0 done, 1 it failed, 2 the command line was wrong. What was asked
// for goes to standard output; errors, in a sentence, and logs to standard error.
package main
