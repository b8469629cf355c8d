package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// SetUpConfig configures a SetUp.
type SetUpConfig struct {
	Store Store
	Users *Users
}

// SetUp creates the first System Admin for the holder of a one-time link. It is safe
// for concurrent use.
//
// Each node has its own link. If several nodes share a database, a load balancer must
// send the link's request to the node that printed it. The variables GATEHOUSE_ADMIN_*
// create the first System Admin without a link.
type SetUp struct {
	store Store
	users *Users

	mu        sync.Mutex
	tokenHash string // "" before Link, and after the set-up
}

// NewSetUp returns a SetUp that accepts no token until Link is called.
func NewSetUp(c SetUpConfig) *SetUp {
	return &SetUp{store: c.Store, users: c.Users}
}

// Needed reports whether there is no user yet.
func (s *SetUp) Needed(ctx context.Context) (bool, error) {
	n, err := s.store.CountUsers(ctx)
	if err != nil {
		return false, fmt.Errorf("account: set up: %w", err)
	}
	return n == 0, nil
}

// Link makes a new one-time token, of which it keeps only the hash, and returns the URL
// of the set-up page with it. Earlier links stop working.
func (s *SetUp) Link(siteURL string) string {
	token := gatehouse.NewSecret()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokenHash = gatehouse.HashSecret(token)
	return strings.TrimRight(siteURL, "/") + "/setup?token=" + url.QueryEscape(token)
}

// Accepts reports whether token is the token of the newest link.
func (s *SetUp) Accepts(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return gatehouse.SecretMatches(token, s.tokenHash)
}

// CreateAdmin creates the first System Admin and invalidates the link. Its errors are
// those of Users.CreateFirstUser: ErrConflict if there already is a user.
func (s *SetUp) CreateAdmin(ctx context.Context, user gatehouse.User, password string) (gatehouse.User, error) {
	user, err := s.users.CreateFirstUser(ctx, user, password)
	if err == nil || errors.Is(err, gatehouse.ErrConflict) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.tokenHash = ""
	}
	return user, err
}

// setUpPage is GET /setup?token=…
func (h *Handler) setUpPage(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get("token")
	if err := h.checkSetUp(r.Context(), token); err != nil {
		return h.renderSetUpRefusal(w, r, err)
	}
	kept := h.forms.Load(r, "")
	if kept.RetryAfter != "" {
		w.Header().Set("Retry-After", kept.RetryAfter)
	}
	return h.renderer.Render(w, kept.StatusCode(), templates.Frame{}, templates.SetUpPage{
		Token: token, Username: kept.Values.Get("username"), Email: kept.Values.Get("email"), Error: kept.Message, FieldErrors: kept.Errors,
	})
}

// setUp is POST /setup: it creates the first System Admin and signs the browser in. After
// a refusal the page shows the form again, or says why there is nothing to set up.
func (h *Handler) setUp(w http.ResponseWriter, r *http.Request) error {
	err := web.ParseForm(w, r)
	if err == nil {
		err = h.createAdmin(w, r)
	}
	if err == nil {
		return nil
	}
	token := r.PostForm.Get("token")
	kept := web.KeptForm{Values: web.KeepFields("username", "email")(r.PostForm)}
	page := h.cookies.BasePath + "/setup?token=" + url.QueryEscape(token[:min(len(token), 64)])
	switch problems := web.FieldErrors(err); {
	case errors.Is(err, errSetUpDone), errors.Is(err, errSetUpLink):
		web.Redirect(w, r, page)
		return nil
	case len(problems) > 0:
		err = &web.FormError{Status: http.StatusBadRequest, Errors: problems}
	}
	if h.forms.Refuse(w, r, h.log, page, &kept, err) {
		return nil
	}
	return h.renderer.Render(w, kept.StatusCode(), templates.Frame{}, templates.SetUpPage{
		Token: token, Username: kept.Values.Get("username"), Email: kept.Values.Get("email"), Error: kept.Message, FieldErrors: kept.Errors,
	})
}

// createAdmin carries out the form of the set-up page. If it returns an error, it has
// written nothing.
func (h *Handler) createAdmin(w http.ResponseWriter, r *http.Request) error {
	if err := h.checkSetUp(r.Context(), r.PostForm.Get("token")); err != nil {
		return err
	}
	user := gatehouse.User{Username: r.PostForm.Get("username"), Email: r.PostForm.Get("email")}
	admin, err := h.setup.CreateAdmin(r.Context(), user, r.PostForm.Get("password"))
	if errors.Is(err, gatehouse.ErrConflict) {
		return errSetUpDone
	}
	if err != nil {
		return err
	}
	session, err := h.service.StartSession(r.Context(), admin, deviceOf(r), gatehouse.Session{})
	if err != nil {
		return err // The user exists now and can sign in.
	}
	h.cookies.set(w, r, session, admin.ID, "")
	h.redirectBack(w, r, "")
	return nil
}

// The reasons why there is nothing to set up.
var (
	errSetUpDone = errors.New("account: already set up")
	errSetUpLink = errors.New("account: not the newest set-up link")
)

// checkSetUp returns errSetUpDone, errSetUpLink or an error of the storage.
func (h *Handler) checkSetUp(ctx context.Context, token string) error {
	needed, err := h.setup.Needed(ctx)
	switch {
	case err != nil:
		return err
	case !needed:
		return errSetUpDone
	case !h.setup.Accepts(token):
		return errSetUpLink
	}
	return nil
}

// renderSetUpRefusal shows why there is nothing to set up. It returns every other error.
func (h *Handler) renderSetUpRefusal(w http.ResponseWriter, r *http.Request, err error) error {
	page := templates.ErrorPage{RequestID: web.RequestID(r.Context())}
	switch {
	case errors.Is(err, errSetUpDone):
		page.Status, page.Title = http.StatusNotFound, "This gateway is already set up"
		page.Message = "The set-up link no longer works, because there already is a user. Sign in, or ask a System Admin to create an account for you."
		page.BackURL, page.BackLabel = h.cookies.BasePath+"/login", "Sign in"
	case errors.Is(err, errSetUpLink):
		page.Status, page.Title = http.StatusForbidden, "This set-up link isn't valid"
		page.Message = "Open the newest link in the gateway's log, or restart the gateway to get a new link."
	default:
		return err
	}
	return h.renderer.Render(w, page.Status, templates.Frame{}, page)
}
