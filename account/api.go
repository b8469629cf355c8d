package account

import (
	"net/http"
	"slices"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
)

// maxCredentials is the limit of the body of a sign-in, in bytes.
const maxCredentials = 64 << 10

// apiLogin is POST /api/v4/users/login (C 1.13, E17). It sets cookies only for the
// pages of this site, which send X-Requested-With: a page of another site can't.
func (h *Handler) apiLogin(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxCredentials)
	var credentials struct {
		ID       string `json:"id"`
		LoginID  string `json:"login_id"`
		Password string `json:"password"`
	}
	if err := web.DecodeJSON(r, "credentials", &credentials); err != nil {
		return err
	}
	from, wantsCookies, visitor := deviceOf(r), isXMLHttpRequest(r), gatehouse.Caller{}
	if wantsCookies {
		var err error
		if visitor, _, err = h.visitor(r); err != nil {
			return err
		}
	}
	signIn, login := h.service.SignIn, credentials.LoginID
	if credentials.ID != "" {
		signIn, login = h.service.SignInByID, credentials.ID
	}
	user, err := signIn(r.Context(), login, credentials.Password, from)
	token := ""
	if err == nil {
		token, err = h.service.StartSession(r.Context(), user, from, visitor.Session)
	}
	h.observe(signInOutcome(err))
	if err != nil {
		setRetryAfter(w, err)
		return err
	}
	if wantsCookies {
		h.cookies.set(w, r, token, user.ID, "")
		h.cookies.setContract(w, r, token, user.ID)
	}
	w.Header().Set("Token", token)
	w.Header().Set("Cache-Control", "no-store")
	return web.WriteJSON(w, http.StatusOK, newUserJSON(user))
}

// apiLogout is POST /api/v4/users/logout (C 1.13, E18). With an access token it revokes
// the grant, and with it the refresh token.
func (h *Handler) apiLogout(w http.ResponseWriter, r *http.Request) error {
	caller, err := h.authenticator.RequireCaller(w, r)
	if err != nil {
		return err
	}
	if caller.IsOAuth() {
		err = h.service.EndGrant(r.Context(), caller, deviceOf(r))
	} else {
		err = h.SignOut(w, r, caller)
	}
	if err != nil {
		return err
	}
	return web.WriteStatusOK(w)
}

// apiMe is GET /api/v4/users/me (C 1.13, E16).
func (h *Handler) apiMe(w http.ResponseWriter, r *http.Request) error {
	caller, err := h.authenticator.RequireCaller(w, r)
	if err != nil {
		return err
	}
	user := newUserJSON(caller.User)
	if caller.IsOAuth() {
		user = user.forApp(caller.User)
	}
	return writeUser(w, r, user)
}

// apiUser is GET /api/v4/users/{user_id}. It shows callers only their own user.
func (h *Handler) apiUser(w http.ResponseWriter, r *http.Request) error {
	caller, err := h.authenticator.RequireCaller(w, r)
	if err != nil {
		return err
	}
	switch id := mux.Vars(r)["user_id"]; {
	case !gatehouse.ValidID(id):
		return web.InvalidURLParam("user_id")
	case id != caller.User.ID:
		return web.Forbidden(nil)
	}
	return writeUser(w, r, newUserJSON(caller.User))
}

// maxUserIDs is how many ids one request may have. mmctl asks for the creators of a page
// of apps, of which there are at most 200 (C 1.1).
const maxUserIDs = 1000

// apiUsersByID is POST /api/v4/users/ids (C 1.13). It returns the users with these ids
// whom the caller may see: a System Admin who has a session sees all, other callers only
// themselves. It leaves out the other ids, as if no user had them.
func (h *Handler) apiUsersByID(w http.ResponseWriter, r *http.Request) error {
	caller, err := h.authenticator.RequireCaller(w, r)
	if err != nil {
		return err
	}
	var ids []string
	if err := web.DecodeJSON(r, "user_ids", &ids); err != nil {
		return err
	}
	if len(ids) > maxUserIDs {
		return web.InvalidBodyParam("user_ids")
	}
	seesAll := caller.User.IsSystemAdmin() && !caller.IsOAuth()
	visible := slices.DeleteFunc(ids, func(id string) bool { return !gatehouse.ValidID(id) || !seesAll && id != caller.User.ID })
	slices.Sort(visible)
	found, err := h.store.UsersByID(r.Context(), slices.Compact(visible))
	if err != nil {
		return err
	}
	users := make([]userJSON, len(found))
	for i, u := range found {
		users[i] = newUserJSON(u)
	}
	return web.WriteJSON(w, http.StatusOK, users)
}

// apiOAuthTest is GET /api/v4/oauth_test (C 1.13, E15).
func (h *Handler) apiOAuthTest(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.authenticator.RequireCaller(w, r); err != nil {
		return err
	}
	return web.WriteStatusOK(w)
}
