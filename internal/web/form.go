package web

import (
	"errors"
	"mime"
	"net/http"

	"gatehouse"
)

// maxForm is the largest form of a page, in bytes. It has room for names, URLs and a return URL.
const maxForm = 64 << 10

// ParseForm reads the form of a page. It returns an *Error if the body is not a form, and
// an *http.MaxBytesError if it is longer than maxForm.
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

// SendsForm reports whether the content type of the request is that of a form.
func SendsForm(r *http.Request) bool {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && (mediaType == "application/x-www-form-urlencoded" || mediaType == "multipart/form-data")
}

// Redirect answers a form by redirecting the browser to a page with GET (RFC 9110
// §15.4.4), so that reloading the page does not send the form again.
func Redirect(w http.ResponseWriter, r *http.Request, localURL string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, localURL, http.StatusSeeOther)
}

// FieldErrors returns the messages of every FieldError in the tree of err, by field.
func FieldErrors(err error) map[string]string {
	messages := map[string]string{}
	for _, e := range gatehouse.FieldErrors(err) {
		messages[e.Field] = e.Message
	}
	return messages
}
