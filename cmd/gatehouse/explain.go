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
	for _, e := range gatehouse.FieldErrors(err) {
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
