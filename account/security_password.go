package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
)

// changePassword is POST /settings/security/password. It ends every other session
// and everything that apps got for the person, and gives this session a new token:
// a copy of the old one is worth nothing any more either.
func (h *SecurityHandler) changePassword(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if err := web.ParseForm(w, r); err != nil {
		return err
	}
	current, fresh, from := r.PostForm.Get("current_password"), r.PostForm.Get("new_password"), deviceOf(r)
	// The new one first: a mistake there should not cost a try.
	err := CheckPassword(fresh)
	if err == nil {
		err = h.Service.CheckOwnPassword(r.Context(), v.User, current, from)
	}
	if err == nil {
		err = h.Users.SetPassword(r.Context(), v.Caller, v.User.ID, fresh)
	}
	if err != nil {
		return h.renderPasswordAgain(w, r, v, err)
	}
	token, err := h.Service.renewSession(r.Context(), v.Caller, from)
	if err != nil {
		return err // The password is changed, and this session goes on as it was.
	}
	h.Cookies.set(w, r, token, v.User.ID)
	return h.done(w, r, "password")
}

// renderPasswordAgain says on the page what has to be changed, or returns err when
// that is not up to the person.
func (h *SecurityHandler) renderPasswordAgain(w http.ResponseWriter, r *http.Request, v web.Visit, err error) error {
	var refused *web.Error
	problems := web.FieldErrors(err)
	switch {
	case problems["password"] != "":
		return h.render(w, r, v, http.StatusBadRequest, map[string]string{"new_password": problems["password"]})
	case len(problems) > 0:
		return h.render(w, r, v, http.StatusBadRequest, problems)
	case errors.As(err, &refused):
		setRetryAfter(w, err)
		web.SetRetryAfter(w, refused)
		return h.render(w, r, v, refused.Status, map[string]string{"": refused.Message})
	}
	return err
}

// CheckOwnPassword makes somebody who is signed in prove that it is them. Tries
// come out of the same budget as sign-ins, so that a stolen session cannot be used
// to guess. It returns a *gatehouse.FieldError for current_password, and refuses
// like SignIn with 429 and 503.
func (s *Service) CheckOwnPassword(ctx context.Context, user gatehouse.User, password string, from Device) error {
	if password == "" {
		return &gatehouse.FieldError{Field: "current_password", Message: "Please enter your current password."}
	}
	if err := s.hasher.room(); err != nil {
		return err
	}
	giveBack, wait, err := s.throttle.take(ctx, user.ID, from.IP)
	switch {
	case err != nil:
		return err
	case wait > 0:
		return errTooManyAttempts(wait)
	}
	match, err := s.hasher.Matches(ctx, password, user.PasswordHash)
	if err != nil || match { // nothing was tried, or nothing was wrong
		return errors.Join(err, giveBack())
	}
	s.audit.Record(ctx, gatehouse.AuditEvent{
		ActorID: user.ID, Event: gatehouse.AuditUpdatePassword, TargetID: user.ID, IP: from.IP,
		Outcome: gatehouse.OutcomeFail, Detail: "The current password was wrong.",
	})
	return &gatehouse.FieldError{Field: "current_password", Message: "This is not your current password."}
}

// renewSession replaces the caller's session after they proved who they are.
func (s *Service) renewSession(ctx context.Context, who gatehouse.Caller, from Device) (token string, err error) {
	user, err := s.store.User(ctx, who.User.ID)
	if err != nil {
		return "", fmt.Errorf("account: renew session: %w", err)
	}
	token, _, err = s.StartSession(ctx, user, from, who.Session.ID)
	return token, err
}
