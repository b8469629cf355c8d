package openid

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// LogoutPath is the path of the endpoint at which an app signs its user out.
const LogoutPath = "/oauth/logout"

// Callers finds the session of a browser; account.Authenticator implements it.
type Callers interface {
	// SignedIn returns the user who is signed in at the browser. An access token does not
	// count.
	SignedIn(r *http.Request) (caller gatehouse.Caller, signedIn bool, err error)
}

// AppReader reads apps.
type AppReader interface {
	SettingsReader
	// App returns ErrNotFound if the app does not exist.
	App(ctx context.Context, id string) (gatehouse.App, error)
}

// LogoutConfig configures a Logout.
type LogoutConfig struct {
	Issuer   string
	BasePath string // the path of the site URL, "" or "/sso"
	Keys     Verifier
	Store    AppReader
	Callers  Callers
	// SignOut ends the caller's session and deletes its cookies.
	SignOut  func(w http.ResponseWriter, r *http.Request, caller gatehouse.Caller) error
	Renderer web.PageRenderer
	Forms    *web.KeptForms
	Log      *slog.Logger
}

// Logout is the endpoint at which an app signs its user out (OpenID Connect
// RP-Initiated Logout §2).
type Logout struct {
	issuer   string
	basePath string
	keys     Verifier
	store    AppReader
	callers  Callers
	signOut  func(w http.ResponseWriter, r *http.Request, caller gatehouse.Caller) error
	renderer web.PageRenderer
	forms    *web.KeptForms
	log      *slog.Logger
}

// NewLogout returns a Logout.
func NewLogout(c LogoutConfig) *Logout {
	return &Logout{issuer: c.Issuer, basePath: c.BasePath, keys: c.Keys, store: c.Store, callers: c.Callers, signOut: c.SignOut, renderer: c.Renderer, forms: c.Forms, log: c.Log}
}

// Routes returns the endpoint with its policies.
func (h *Logout) Routes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: LogoutPath, Handler: web.Page(h.log, h.renderer, h.serve)},
		// An app may send its request by POST (RP-Initiated Logout §2). It is redirected to
		// the same request by GET. The form of the page always has a query.
		{Method: http.MethodPost, Path: LogoutPath, Matches: func(r *http.Request) bool { return r.URL.RawQuery == "" }, Handler: web.Page(h.log, h.renderer, h.fromForm), Policy: web.Policy{CrossSite: true}},
		{Method: http.MethodPost, Path: LogoutPath, Handler: web.Page(h.log, h.renderer, h.confirm)},
	}
}

// logoutRequest is a checked request.
type logoutRequest struct {
	hint  Hint
	valid bool          // the hint is an ID token of app
	app   gatehouse.App // of the hint
	// returnURL is where the browser goes afterwards; "" means to a page that says that
	// the user is signed out.
	returnURL string
}

// serve is GET /oauth/logout. It asks the user, unless a valid id_token_hint names the
// session of this browser: another site can send the user here (RP-Initiated Logout §2).
func (h *Logout) serve(w http.ResponseWriter, r *http.Request) error {
	request, err := h.load(r)
	if err != nil {
		return err
	}
	caller, signedIn, err := h.callers.SignedIn(r)
	if err != nil {
		return err
	}
	switch {
	case !signedIn:
		return h.finish(w, r, request)
	case request.valid && request.hint.UserID == caller.User.ID && request.hint.SID == SID(caller.Session.ID, request.app.ID):
		if err := h.signOut(w, r, caller); err != nil {
			return err
		}
		return h.finish(w, r, request)
	}
	settings, err := h.store.Settings(r.Context())
	if err != nil {
		return err
	}
	query := web.CutKeptForm(r.URL.RawQuery)
	if query == "" {
		query = "confirm"
	}
	page := templates.LogoutPage{Action: LogoutPath + "?" + query, AppName: request.app.Name}
	frame, kept := templates.FrameFor(caller.User, settings), h.forms.Load(r, caller.User.ID)
	frame.Problem, frame.ProblemRequestID = kept.Message, kept.RequestID
	return h.renderer.Render(w, kept.StatusCode(), frame, page)
}

// confirm is the form of the page of serve. It signs the user out and redirects to the same
// request by GET, which finishes it.
func (h *Logout) confirm(w http.ResponseWriter, r *http.Request) error {
	page := h.basePath + LogoutPath + "?" + r.URL.RawQuery
	if _, err := h.load(r); err != nil {
		web.Redirect(w, r, page) // It reports the error.
		return nil               //nolint:nilerr // as above
	}
	caller, signedIn, err := h.callers.SignedIn(r)
	if err == nil && signedIn {
		err = h.signOut(w, r, caller)
	}
	if err != nil {
		if h.forms.Refuse(w, r, h.log, page, &web.KeptForm{}, err) {
			return nil
		}
		return err
	}
	web.Redirect(w, r, page)
	return nil
}

// fromForm redirects a request that an app sent by POST to the same request by GET.
func (h *Logout) fromForm(w http.ResponseWriter, r *http.Request) error {
	if err := web.ParseForm(w, r); err != nil {
		return err
	}
	query := url.Values{}
	for _, name := range []string{"id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"} {
		if values, ok := r.PostForm[name]; ok {
			query[name] = values
		}
	}
	http.Redirect(w, r, h.basePath+LogoutPath+"?"+query.Encode(), http.StatusSeeOther)
	return nil
}

// load checks the parameters. The browser may return to the app only if a valid hint names
// the app, and the app has registered exactly that address (RP-Initiated Logout §3).
func (h *Logout) load(r *http.Request) (logoutRequest, error) {
	settings, err := h.store.Settings(r.Context())
	switch {
	case err != nil:
		return logoutRequest{}, err
	case !settings.EnableOAuthServiceProvider:
		return logoutRequest{}, web.ProviderOff("api.oauth.logout.disabled.app_error")
	case !settings.EnableOpenIDConnect:
		return logoutRequest{}, web.OpenIDOff()
	}
	query := r.URL.Query()
	for _, name := range []string{"id_token_hint", "client_id", "post_logout_redirect_uri", "state"} {
		if len(query[name]) > 1 {
			return logoutRequest{}, badLogout("The parameter "+name+" was sent more than once.", nil)
		}
	}
	token := query.Get("id_token_hint")
	if token == "" {
		return logoutRequest{}, nil
	}
	hint, err := ReadHint(r.Context(), h.keys, h.issuer, token)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return logoutRequest{}, nil // The user is asked, and the browser does not return to the app.
	} else if err != nil {
		return logoutRequest{}, err
	}
	if clientID := query.Get("client_id"); clientID != "" && clientID != hint.ClientID {
		return logoutRequest{}, badLogout("The id_token_hint was issued to another client than the client_id names.", nil)
	}
	app, err := h.store.App(r.Context(), hint.ClientID)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return logoutRequest{}, nil // The app was deleted.
	} else if err != nil {
		return logoutRequest{}, err
	}
	request := logoutRequest{hint: hint, valid: true, app: app}
	if target := query.Get("post_logout_redirect_uri"); target != "" {
		if !slices.Contains(app.OpenID.PostLogoutRedirectURIs, target) {
			return logoutRequest{}, badLogout("The post_logout_redirect_uri is not one that the app has registered. It must match exactly.", nil)
		}
		request.returnURL, err = withState(target, query)
	}
	return request, err
}

// withState adds the state to the address, as it was sent (RP-Initiated Logout §2).
func withState(target string, query url.Values) (string, error) {
	if !query.Has("state") {
		return target, nil
	}
	u, err := url.Parse(target)
	if err != nil {
		return "", err
	}
	state := "state=" + url.QueryEscape(query.Get("state"))
	if u.RawQuery != "" {
		state = u.RawQuery + "&" + state
	}
	u.RawQuery = state
	return u.String(), nil
}

func badLogout(message string, cause error) *web.Error {
	return &web.Error{Status: http.StatusBadRequest, ID: "api.oauth.logout.request.app_error", Title: "The app sent a wrong request", Message: message, Cause: cause}
}

// finish sends the browser to the app, or says that the user is signed out.
func (h *Logout) finish(w http.ResponseWriter, r *http.Request, request logoutRequest) error {
	if request.returnURL == "" {
		return h.renderer.Render(w, http.StatusOK, templates.Frame{}, templates.SignedOutPage{})
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", request.returnURL)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}
