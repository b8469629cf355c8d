package web

import (
	"errors"
	"mime"
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

// SendsForm reports whether the body says that it is what browsers make of a form.
func SendsForm(r *http.Request) bool {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && (mediaType == "application/x-www-form-urlencoded" || mediaType == "multipart/form-data")
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
	for _, e := range gatehouse.FieldErrors(err) {
		messages[e.Field] = e.Message
	}
	return messages
}
