package web

import (
	"errors"
	"net/http"

	"gatehouse"
)

// maxForm bounds the forms of pages, in bytes: names, URLs and a way back.
const maxForm = 64 << 10

// ParseForm reads the form of a page, and refuses what is none with a sentence.
func ParseForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	err := r.ParseForm()
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tooLarge):
		return err
	}
	return &Error{Status: http.StatusBadRequest, ID: "api.context.invalid_body_param.app_error", Message: "The form could not be read. Please go back, reload the page and try again."}
}

// PageNumber is the page that a list's ?page= asks for, from 1; what is no number
// of a page is the first one.
func PageNumber(r *http.Request) int {
	n := 0
	for _, c := range r.URL.Query().Get("page") {
		if c < '0' || c > '9' || n > 1_000_000 {
			return 1
		}
		n = n*10 + int(c-'0')
	}
	return max(n, 1)
}

// Redirect sends the browser on to a page after a form was carried out, as a GET
// (RFC 9110 §15.4.4), so that reloading does not carry it out again.
func Redirect(w http.ResponseWriter, r *http.Request, localURL string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, localURL, http.StatusSeeOther)
}

// FieldErrors collects the messages of every FieldError in the tree of err, by field.
func FieldErrors(err error) map[string]string {
	messages := map[string]string{}
	var walk func(error)
	walk = func(err error) {
		switch e := err.(type) { //nolint:errorlint // it walks the tree itself
		case *gatehouse.FieldError:
			messages[e.Field] = e.Message
		case interface{ Unwrap() []error }:
			for _, inner := range e.Unwrap() {
				walk(inner)
			}
		case interface{ Unwrap() error }:
			walk(e.Unwrap())
		}
	}
	walk(err)
	return messages
}
