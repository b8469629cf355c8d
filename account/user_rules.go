package account

import (
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse"
)

// The limits of a user's names, as in the contract (C 1.13).
const (
	maxEmailLength    = 128
	maxNameLength     = 64  // characters of first name, last name and nickname
	maxPositionLength = 128 // characters
)

var (
	usernamePattern = regexp.MustCompile(`^[a-z][a-z0-9._-]{0,63}$`)
	localePattern   = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
)

// normalizeUser returns the user in the form that is stored: names without spaces
// around them, username and email in lower case, a locale.
func normalizeUser(u gatehouse.User) gatehouse.User {
	u.Username = strings.ToLower(strings.TrimSpace(u.Username))
	u.Email = strings.ToLower(strings.TrimSpace(u.Email))
	for _, name := range []*string{&u.FirstName, &u.LastName, &u.Nickname, &u.Position} {
		*name = strings.TrimSpace(*name)
	}
	if u.Locale == "" {
		u.Locale = "en"
	}
	return u
}

// checkUser returns a *gatehouse.FieldError for each rule that is broken, joined.
func checkUser(u gatehouse.User) error {
	var errs []error
	check := func(ok bool, field, message string) {
		if !ok {
			errs = append(errs, &gatehouse.FieldError{Field: field, Message: message})
		}
	}
	check(usernamePattern.MatchString(u.Username), "username",
		"The username must start with a letter and have at most 64 characters: lowercase letters, digits, dots, dashes and underscores.")
	check(validEmail(u.Email), "email", "The email must be an address such as ana@example.com, with at most 128 characters.")
	check(validName(u.FirstName, maxNameLength), "first_name", "The first name must be one line of at most 64 characters.")
	check(validName(u.LastName, maxNameLength), "last_name", "The last name must be one line of at most 64 characters.")
	check(validName(u.Nickname, maxNameLength), "nickname", "The nickname must be one line of at most 64 characters.")
	check(validName(u.Position, maxPositionLength), "position", "The position must be one line of at most 128 characters.")
	check(len(u.Locale) <= 35 && localePattern.MatchString(u.Locale), "locale", "The locale must be a language tag such as en or pt-BR.")
	return errors.Join(errs...)
}

func validName(name string, maxLength int) bool {
	return utf8.ValidString(name) && utf8.RuneCountInString(name) <= maxLength && !strings.ContainsFunc(name, unicode.IsControl)
}

// validEmail parses the address once and compares the result with the input: an
// address with a display name, a comment or a second @ is refused (oauth2-proxy
// GHSA-c5c4-8r6x-56w3).
func validEmail(email string) bool {
	if len(email) > maxEmailLength || !utf8.ValidString(email) || strings.Count(email, "@") != 1 ||
		strings.ContainsFunc(email, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return false
	}
	parsed, err := mail.ParseAddress(email)
	return err == nil && parsed.Address == email
}

// explainTaken adds a *gatehouse.FieldError to ErrUsernameTaken and ErrEmailTaken.
func explainTaken(err error) error {
	switch {
	case errors.Is(err, gatehouse.ErrUsernameTaken):
		return fmt.Errorf("%w: %w", err, &gatehouse.FieldError{Field: "username", Message: "This username is already taken. Choose another one."})
	case errors.Is(err, gatehouse.ErrEmailTaken):
		return fmt.Errorf("%w: %w", err, &gatehouse.FieldError{Field: "email", Message: "Another user already has this email. Use another one."})
	}
	return err
}
