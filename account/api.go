package account

import (
	"net/http"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
)

// maxCredentials bounds the body of a sign-in, in bytes.
const maxCredentials = 64 << 10

// apiLogin is POST /api/v4/users/login (C 1.13, E17). Cookies are set only for
// our own pages: they send X-Requested-With, which no other site's page can.
func (h *Handler) apiLogin(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxCredentials)
	var body struct {
		ID       string `json:"id"`
		LoginID  string `json:"login_id"`
		Password string `json:"password"`
	}
	if err := web.DecodeJSON(r, "credentials", &body); err != nil {
		return err
	}
	from := deviceOf(r)
	var user gatehouse.User
	var err error
	if body.ID != "" {
		user, err = h.Service.SignInByID(r.Context(), body.ID, body.Password, from)
	} else {
		user, err = h.Service.SignIn(r.Context(), body.LoginID, body.Password, from)
	}
	if err != nil {
		h.Observe(signInOutcome(err))
		setRetryAfter(w, err)
		return err
	}
	before := ""
	if isXMLHttpRequest(r) {
		visitor, _, err := h.visitor(r)
		if err != nil {
			return err
		}
		before = visitor.Session.ID
	}
	token, _, err := h.Service.StartSession(r.Context(), user, from, before)
	h.Observe(signInOutcome(err))
	if err != nil {
		return err
	}
	if isXMLHttpRequest(r) {
		h.Cookies.set(w, r, token, user.ID)
	}
	w.Header().Set("Token", token)
	w.Header().Set("Cache-Control", "no-store")
	return web.WriteJSON(w, http.StatusOK, newUserJSON(user))
}

// apiLogout is POST /api/v4/users/logout (C 1.13, E18). With an access token it
// revokes the grant, so that the refresh token dies too.
func (h *Handler) apiLogout(w http.ResponseWriter, r *http.Request) error {
	caller, err := h.Authenticator.RequireCaller(w, r)
	if err != nil {
		return err
	}
	if caller.IsOAuth() {
		if err := h.Service.EndGrant(r.Context(), caller, h.Grants, deviceOf(r)); err != nil {
			return err
		}
	} else if err := h.Service.EndSession(r.Context(), caller, deviceOf(r)); err != nil {
		return err
	}
	h.Cookies.clear(w, r)
	return web.WriteStatusOK(w)
}

// apiMe is GET /api/v4/users/me (C 1.13, E16).
func (h *Handler) apiMe(w http.ResponseWriter, r *http.Request) error {
	caller, err := h.Authenticator.RequireCaller(w, r)
	if err != nil {
		return err
	}
	return writeUser(w, r, caller.User)
}

// apiUser is GET /api/v4/users/{user_id}, for oneself only: the gateway is no
// directory of people.
func (h *Handler) apiUser(w http.ResponseWriter, r *http.Request) error {
	caller, err := h.Authenticator.RequireCaller(w, r)
	if err != nil {
		return err
	}
	switch id := mux.Vars(r)["user_id"]; {
	case !gatehouse.ValidID(id):
		return web.InvalidURLParam("user_id")
	case id != caller.User.ID:
		return web.Forbidden(nil)
	}
	return writeUser(w, r, caller.User)
}

// apiOAuthTest is GET /api/v4/oauth_test (C 1.13, E15).
func (h *Handler) apiOAuthTest(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.Authenticator.RequireCaller(w, r); err != nil {
		return err
	}
	return web.WriteStatusOK(w)
}
