package web

import (
	"net/http"
	"net/url"

	"gatehouse/templates"
)

// Form is a form of a page.
type Form struct {
	// Page returns the local URL of the page that shows the form; nil means the URL that the
	// form posts to.
	Page func(r *http.Request) string
	// Show serves the page of the form with GET. It shows Visit.Kept.
	Show VisitFunc
	// Do carries the form out, which is parsed, and redirects. If it returns an error, a
	// *FormError for example, the page shows the form again with the error.
	Do VisitFunc
	// Keep returns the values of the form that the page shows again; nil means none. It
	// must return no secrets.
	Keep func(form url.Values) url.Values
}

// FieldUser is the hidden field for the id of the user who sees a form. What the user
// typed is not shown to another user, who signs in after the session has expired.
const FieldUser = "user_id"

// Form serves a form to users with a session. A user without one signs in first, and then
// finds the form again with what was typed.
func (p Pages) Form(f Form) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := r.URL.EscapedPath()
		if f.Page != nil {
			page = f.Page(r)
		}
		parseErr := ParseForm(w, r)
		visit, signedIn, err := p.visit(r)
		kept := KeptForm{UserID: r.PostForm.Get(FieldUser)}
		if signedIn {
			kept.UserID = visit.User.ID
		}
		if f.Keep != nil && kept.UserID != "" && parseErr == nil {
			kept.Values = f.Keep(r.PostForm)
		}
		switch {
		case err == nil && !signedIn:
			p.signInFirst(w, r, page, kept)
			return
		case err == nil && parseErr != nil:
			err = parseErr
		case err == nil:
			err = f.Do(w, r, visit)
		}
		if err == nil || p.Forms.Refuse(w, r, p.Log, page, &kept, err) {
			return
		}
		// The form is too long for a cookie. So that the input is not lost, the answer is the page.
		if !signedIn {
			writePageError(w, r, p.Log, p.Renderer, templates.Frame{}, err)
			return
		}
		visit.Kept = kept
		if err := f.Show(w, r, visit); err != nil {
			writePageError(w, r, p.Log, p.Renderer, visit.Frame(), err)
		}
	})
}

// signInFirst sends a user whose session has ended to the sign-in page, and then to the
// page of the form.
func (p Pages) signInFirst(w http.ResponseWriter, r *http.Request, page string, kept KeptForm) {
	kept.Message = "You were signed out before you sent the form, so nothing was changed. Check the form and send it again."
	target, ok := p.Forms.Keep(w, r, page, kept)
	if !ok {
		writePageError(w, r, p.Log, p.Renderer, templates.Frame{}, &Error{
			Status: http.StatusUnauthorized, ID: "api.context.session_expired.app_error", Title: "You were signed out",
			Message: "The form was not carried out, and it is too long to be kept while you sign in. Sign in in another tab of the browser. Then come back to this tab, press Back, and send the form again.",
			BackURL: page, BackLabel: "Sign in",
		})
		return
	}
	p.SignIn.RedirectToLogin(w, r, target)
}
