package main

import (
	"fmt"
	"net/url"
	"strings"
)

// postgresTool refuses what PostgreSQL's own programs do better, and says how.
func postgresTool(command string) error {
	return fmt.Errorf("PostgreSQL has a program of its own for this, which takes the password from PGPASSWORD or asks for it. Run:\n  %s", command)
}

// libpqParameters are those of a database URL that PostgreSQL's programs know too.
func libpqParameters() []string {
	return []string{"host", "port", "user", "dbname", "connect_timeout", "sslmode", "sslrootcert", "sslcert", "sslkey", "target_session_attrs"}
}

// libpqURL is a database URL for PostgreSQL's programs, without its password.
func libpqURL(databaseURL string) string {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return "postgres://…"
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	kept := url.Values{}
	for _, name := range libpqParameters() {
		if values, ok := u.Query()[name]; ok {
			kept[name] = values
		}
	}
	u.RawQuery = kept.Encode()
	return u.String()
}

// quote makes an argument safe to paste into a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
