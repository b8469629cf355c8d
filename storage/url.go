package storage

import (
	"errors"
	"io/fs"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
)

var (
	errUnknownDatabase = errors.New("the database URL must begin with sqlite: (sqlite:gatehouse.db) or postgres:// (postgres://user:password@host/database)")
	errMalformedURL    = errors.New("the database URL is not a valid postgres:// URL (postgres://user:password@host/database); in the password and the parameters, write special characters as percent-encodings, such as %40 for @, %2F for /, %23 for #, %3F for ?, %26 for & and %25 for %")
	errCertificateFile = errors.New("a file that the database URL names cannot be read; check sslrootcert, sslcert and sslkey")
)

// CheckURL returns an error if the URL is not one that Open takes. The errors do not
// repeat any part of the URL, because it may hold a password.
//
// A special character in a password that is not encoded moves a part of the password into
// the host, the port, the database or a parameter. The errors of a connection would show
// that part. So CheckURL refuses a second @ or one behind the host, a fragment, and
// parameters without a value.
func CheckURL(databaseURL string) error {
	scheme, rest, _ := strings.Cut(databaseURL, ":")
	switch scheme {
	case "sqlite":
		if strings.HasPrefix(rest, "//") && strings.Contains(rest, "@") {
			return errUnknownDatabase // the URL of a server
		}
		return nil
	case "postgres", "postgresql":
		return checkPostgresURL(databaseURL)
	}
	return errUnknownDatabase
}

func checkPostgresURL(databaseURL string) error {
	u, err := url.Parse(databaseURL)
	if err != nil || u.Opaque != "" || !strings.Contains(databaseURL, "://") || strings.Contains(databaseURL, "#") ||
		strings.Count(databaseURL, "@") > 1 || strings.Contains(u.EscapedPath(), "@") || strings.Contains(u.RawQuery, "@") {
		return errMalformedURL
	}
	if u.RawQuery != "" {
		for parameter := range strings.SplitSeq(u.RawQuery, "&") {
			if _, _, ok := strings.Cut(parameter, "="); !ok {
				return errMalformedURL
			}
		}
	}
	if _, err := url.ParseQuery(u.RawQuery); err != nil {
		return errMalformedURL
	}
	var file *fs.PathError
	switch _, err := pgx.ParseConfig(databaseURL); {
	case errors.As(err, &file):
		return errCertificateFile
	case err != nil: // The error of pgx hides a password only where it recognizes one, so it is left out.
		return errMalformedURL
	}
	return nil
}

// hasSecretParameter reports whether the query of the URL has a password. If it was not
// encoded, an & divides it, and the rest looks like the name of another parameter.
func hasSecretParameter(databaseURL string) bool {
	u, err := url.Parse(databaseURL)
	return err != nil || u.Query().Has("password") || u.Query().Has("sslpassword")
}
