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

// The limits of what a person is called (the contract's, C 1.13).
const (
	MaxUsernameLength = 64
	MaxEmailLength    = 128
	MaxNameLength     = 64  // characters of first name, last name and nickname
	MaxPositionLength = 128 // characters
)

var (
	usernamePattern = regexp.MustCompile(`^[a-z][a-z0-9._-]{0,63}$`)
	localePattern   = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
)

// normalizeUser spells what a person typed as it is stored.
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
	refuse := func(field, message string) {
		errs = append(errs, &gatehouse.FieldError{Field: field, Message: message})
	}
	if !usernamePattern.MatchString(u.Username) {
		refuse("username", "The username must begin with a letter and have 1 to 64 characters: a–z, 0–9, dot, dash and underscore.")
	}
	if !validEmail(u.Email) {
		refuse("email", "The email must be an address such as ana@example.com, with at most 128 characters.")
	}
	for _, name := range []struct {
		field, label, value string
		max                 int
	}{
		{"first_name", "first name", u.FirstName, MaxNameLength},
		{"last_name", "last name", u.LastName, MaxNameLength},
		{"nickname", "nickname", u.Nickname, MaxNameLength},
		{"position", "position", u.Position, MaxPositionLength},
	} {
		if !utf8.ValidString(name.value) || utf8.RuneCountInString(name.value) > name.max || strings.ContainsFunc(name.value, unicode.IsControl) {
			refuse(name.field, fmt.Sprintf("The %s must have at most %d characters, all on one line.", name.label, name.max))
		}
	}
	if len(u.Locale) > 35 || !localePattern.MatchString(u.Locale) {
		refuse("locale", "The locale must be a language tag such as en or pt-BR.")
	}
	return errors.Join(errs...)
}

// validEmail parses once and compares the parsed value: no display name, no
// comment, one @ (oauth2-proxy GHSA-c5c4-8r6x-56w3).
func validEmail(email string) bool {
	if len(email) > MaxEmailLength || !utf8.ValidString(email) || strings.Count(email, "@") != 1 ||
		strings.ContainsFunc(email, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return false
	}
	parsed, err := mail.ParseAddress(email)
	return err == nil && parsed.Address == email
}

// explainTaken adds to a conflict the field that a person can change.
func explainTaken(err error) error {
	switch {
	case errors.Is(err, gatehouse.ErrUsernameTaken):
		return fmt.Errorf("%w: %w", err, &gatehouse.FieldError{Field: "username", Message: "Somebody has this username already; choose another one."})
	case errors.Is(err, gatehouse.ErrEmailTaken):
		return fmt.Errorf("%w: %w", err, &gatehouse.FieldError{Field: "email", Message: "Somebody has this email already; use another one."})
	}
	return err
}
