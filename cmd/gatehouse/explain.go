package main

import (
	"errors"
	"strings"

	"gatehouse"
	"gatehouse/internal/web"
)

// explain is err in words for whoever typed the command: the sentences of the
// rules that were broken, or what happened.
func explain(err error) string {
	var messages []string
	for _, e := range fieldErrors(err) {
		messages = append(messages, e.Message)
	}
	if len(messages) > 0 {
		return strings.Join(messages, " ")
	}
	var refused *web.Error
	if errors.As(err, &refused) && refused.Message != "" {
		return refused.Message
	}
	if errors.Is(err, gatehouse.ErrLastSystemAdmin) {
		return "this is the last active System Admin; make somebody else one first"
	}
	return err.Error()
}

// fieldErrors collects every FieldError in the tree of err.
func fieldErrors(err error) []*gatehouse.FieldError {
	switch e := err.(type) { //nolint:errorlint // it walks the tree itself
	case *gatehouse.FieldError:
		return []*gatehouse.FieldError{e}
	case interface{ Unwrap() []error }:
		var all []*gatehouse.FieldError
		for _, inner := range e.Unwrap() {
			all = append(all, fieldErrors(inner)...)
		}
		return all
	case interface{ Unwrap() error }:
		return fieldErrors(e.Unwrap())
	}
	return nil
}
