package groups

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse"
)

// The limits of a group.
const (
	maxNameLength        = 64  // characters
	maxDescriptionLength = 512 // characters
)

// normalize returns the group in the form that is stored: without spaces around its texts.
func normalize(g gatehouse.Group) gatehouse.Group {
	g.Name, g.Description = strings.TrimSpace(g.Name), strings.TrimSpace(g.Description)
	return g
}

// check returns a *gatehouse.FieldError for each rule that is broken, joined.
func check(g gatehouse.Group) error {
	var errs []error
	if !validName(g.Name) {
		errs = append(errs, &gatehouse.FieldError{Field: "name",
			Message: "The name must have 1 to 64 characters: letters, digits, single spaces, and . - _ : / @ & + ( ). It must not have a comma, because apps separate the names of groups with commas."})
	}
	if !utf8.ValidString(g.Description) || utf8.RuneCountInString(g.Description) > maxDescriptionLength || strings.ContainsFunc(g.Description, unicode.IsControl) {
		errs = append(errs, &gatehouse.FieldError{Field: "description", Message: "The description must be one line of at most 512 characters."})
	}
	return errors.Join(errs...)
}

// validName accepts only characters that keep their meaning in the configuration of an app,
// in a list that is separated by commas, and in an HTTP header that lists groups.
func validName(name string) bool {
	if name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxNameLength || strings.Contains(name, "  ") {
		return false
	}
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune(" .-_:/@&+()", r) {
			return false
		}
	}
	return true
}

// explainTaken adds a *gatehouse.FieldError to ErrGroupNameTaken.
func explainTaken(err error) error {
	if errors.Is(err, gatehouse.ErrGroupNameTaken) {
		return fmt.Errorf("%w: %w", err, &gatehouse.FieldError{Field: "name", Message: "Another group has this name. Upper and lower case do not matter. Choose another name."})
	}
	return err
}
