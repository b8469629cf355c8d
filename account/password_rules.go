package account

import (
	_ "embed"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"

	"gatehouse"
)

// The limits of a password after normalization. The upper limit only keeps very large
// input away from argon2id.
const (
	minPasswordLength = 8   // characters
	maxPasswordLength = 128 // bytes
)

// maxTypedPassword is the longest input that can normalize to a password, in bytes.
// Composition (NFC) makes a text of UTF-8 at most three times shorter (UAX #15 §13.1).
const maxTypedPassword = 3 * maxPasswordLength

// CheckPassword checks a new password. It returns a *gatehouse.FieldError for password
// if a rule is broken. The rules are the length, the characters that RFC 8265 §4.2
// allows, and a list of common passwords. There is no rule about kinds of characters,
// because such rules make passwords weaker (NIST SP 800-63B §3.1.1.2).
func CheckPassword(password string) error {
	refuse := func(message string) error { return &gatehouse.FieldError{Field: "password", Message: message} }
	switch {
	case !utf8.ValidString(password):
		return refuse("The password contains bytes that are not valid text. Please type it again.")
	case len(password) > maxTypedPassword:
		return refuse("The password must have at most 128 bytes.")
	case utf8.RuneCountInString(password) < minPasswordLength:
		return refuse("The password must have at least 8 characters.")
	}
	normal, ok := normalizePassword(password)
	switch {
	case !ok:
		return refuse("The password contains a character that passwords can't have, such as a tab or a combined emoji. Please leave it out.")
	case utf8.RuneCountInString(normal) < minPasswordLength:
		return refuse("The password must have at least 8 characters.")
	case len(normal) > maxPasswordLength:
		return refuse("The password must have at most 128 bytes.")
	case isCommonPassword(normal):
		return refuse("This password is one of the 10,000 most common ones, which attackers try first. Please choose another one.")
	}
	return nil
}

// normalizePassword returns the form of a password that is hashed: the profile
// OpaqueString of RFC 8265 §4.2. Keyboards of different systems send the same letter as
// one code point or as several. It reports false if the profile refuses the password.
func normalizePassword(password string) (normal string, ok bool) {
	if !utf8.ValidString(password) {
		return password, false
	}
	normal, err := precis.OpaqueString.String(password)
	return normal, err == nil
}

// passwordForms returns the forms of a typed password that may match a stored hash, at
// least one: its normalized form, and what was typed if it differs, because older hashes
// are of that. How many there are depends on the typed password alone, so that the work
// of comparing does not tell whether a user exists.
func passwordForms(password string) []string {
	normal, ok := normalizePassword(password)
	switch {
	case !ok || normal == password:
		return []string{password}
	case len(password) > maxPasswordLength: // No older hash is of a longer password.
		return []string{normal}
	}
	return []string{normal, password}
}

// commonPasswords has one password on each line, in lower case, below a license whose
// lines begin with "#" and a space.
//
//go:embed common_passwords.txt
var commonPasswords string

// isCommonPassword reports whether a password is on the list, in any case and width, and
// also with spaces around it.
func isCommonPassword(password string) bool {
	folded := strings.ToLower(strings.TrimSpace(norm.NFKC.String(password)))
	return !strings.HasPrefix(folded, "# ") && strings.Contains(commonPasswords, "\n"+folded+"\n")
}
