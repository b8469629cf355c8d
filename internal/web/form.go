package web

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"

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

// FormError refuses a form with errors that the user can correct on its page. It is shown
// there and not logged.
type FormError struct {
	Status int
	Errors map[string]string // sentences by field; the field "" is the whole form
	// Values are values that the page needs besides those of the form, or instead of them.
	Values map[string]string
}

func (e *FormError) Error() string { return fmt.Sprintf("web: the form has %d errors", len(e.Errors)) }

// KeepFields returns a function that copies the named fields of a form. It is for
// Form.Keep, and must not name a field for a password.
func KeepFields(names ...string) func(url.Values) url.Values {
	return func(form url.Values) url.Values {
		kept := url.Values{}
		for _, name := range names {
			if form.Has(name) {
				kept.Set(name, form.Get(name))
			}
		}
		return kept
	}
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
