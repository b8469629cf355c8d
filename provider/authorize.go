package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"gatehouse"
	"gatehouse/consent"
	"gatehouse/internal/web"
)

// authorization is an authorization request whose client exists and whose redirect
// URI is registered: errors may be sent to the client from here on.
type authorization struct {
	request     authorizationRequest
	app         gatehouse.App
	settings    gatehouse.Settings
	redirectURI string         // the matched one
	openID      *openIDRequest // nil without OpenID Connect
	query       string         // the query as it was sent, for returning to the request
}

// authorize serves GET /oauth/authorize (RFC 6749 §4.1.1, C 1.2).
func (h *Handler) authorize(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()

	// Parse and check the request.
	a, refusal, err := h.loadAuthorization(ctx, web.CutKeptForm(r.URL.RawQuery))
	if err != nil {
		return err
	}

	// Find out who is signed in.
	caller, signedIn, err := h.signIn.SignedIn(r)
	if err != nil {
		return h.sendFailure(w, r, a, caller, err)
	}
	if refusal != nil {
		return h.refuse(w, r, a, caller, refusal)
	}
	h.touchApp(ctx, a.app, time.Now())
	if !signedIn || h.requiresSignIn(a, caller.Session, time.Now()) {
		return h.requireSignIn(w, r, a, caller, signedIn)
	}

	if refusal := a.openID.checkUser(caller.User); refusal != nil {
		return h.refuse(w, r, a, caller, refusal)
	}

	// Decide whether the user must be asked. The consent form may have the answer.
	request := h.consentRequest(a, caller)
	decision, err := h.consents.Decide(ctx, request)
	if err != nil {
		return h.sendFailure(w, r, a, caller, err)
	}
	if err := h.checkAccess(r, a, decision, caller); err != nil {
		return h.refuseAccess(w, r, a, caller, err)
	}
	switch request.Sent = h.forms.Load(r, caller.User.ID); keptDecision(request.Sent, a) {
	case decisionAllow:
		decision.Ask = false
	case decisionDeny:
		return h.sendRefusal(w, r, a, userDenied())
	case decisionAsk:
		decision.Ask = true
	}
	if decision.Ask && a.request.hasPrompt("none") {
		return h.refuse(w, r, a, caller, &Refusal{Code: codeConsentRequired, ID: "api.oauth.authorize_oauth.consent_required.app_error", Description: "The user must be asked for consent, but the request has prompt=none."})
	}
	if decision.Ask {
		return h.consents.Ask(w, r, request, decision)
	}

	return h.sendIssued(ctx, w, r, a, request, decision)
}

// loadAuthorization parses an authorization request and loads its app. err is for
// Gatehouse's own error page: the client does not exist or the redirect URI is not
// registered, so nothing may be redirected (RFC 6749 §4.1.2.1, C 1.2). refusal is
// every other mistake; it may be sent to the client.
func (h *Handler) loadAuthorization(ctx context.Context, query string) (a authorization, refusal *Refusal, err error) {
	settings, err := h.store.Settings(ctx)
	if err != nil {
		return authorization{}, nil, err
	}
	if !settings.EnableOAuthServiceProvider {
		return authorization{}, nil, web.ProviderOff("api.oauth.authorize_oauth.disabled.app_error")
	}
	values, malformed, identity := parseAuthorizationQuery(query)
	if identity {
		return authorization{}, nil, malformed.webError()
	}
	if name := duplicated(values, identityParameters); name != "" {
		return authorization{}, nil, refuse(codeInvalidRequest, "model.authorize.is_valid."+name, "The parameter "+name+" was sent more than once.").webError()
	}
	a = authorization{request: readAuthorizationRequest(values).takeRequestObject(values.Get("request")), settings: settings, query: query}
	if a.app, a.redirectURI, err = h.loadApp(ctx, a.request, settings); err != nil {
		return authorization{}, nil, err
	}
	for _, refusal := range []*Refusal{malformed, checkExtensions(values), a.request.check(), a.request.checkApp(a.app, settings)} {
		if refusal != nil {
			return a, refusal, nil
		}
	}
	if a.openID, refusal, err = h.checkOpenID(ctx, a.request, a.app, settings); err != nil {
		return authorization{}, nil, err
	}
	if a.openID != nil && a.request.MaxAge < 0 && a.app.OpenID.DefaultMaxAge > 0 {
		a.request.MaxAge = int(a.app.OpenID.DefaultMaxAge / time.Second)
	}
	return a, refusal, nil
}

// loadApp returns the app of an authorization request, and the redirect URI that
// its response goes to. Its error is for Gatehouse's own error page.
func (h *Handler) loadApp(ctx context.Context, request authorizationRequest, settings gatehouse.Settings) (app gatehouse.App, redirectURI string, err error) {
	if refusal := checkClientID(request.ClientID); refusal != nil {
		return gatehouse.App{}, "", refusal.webError()
	}
	if refusal := checkRedirectURI(request.RedirectURI); refusal != nil {
		return gatehouse.App{}, "", refusal.webError()
	}
	app, err = h.store.App(ctx, request.ClientID)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return gatehouse.App{}, "", &web.Error{Status: http.StatusNotFound, ID: "app.oauth.get_app.find.app_error", Title: "This app isn't registered", Message: unknownAppMessage, Cause: err}
	} else if err != nil {
		return gatehouse.App{}, "", fmt.Errorf("provider: client: %w", err)
	}
	if request.RedirectURI == "" && request.isOpenID(settings) {
		return gatehouse.App{}, "", refuse(codeInvalidRequest, "model.authorize.is_valid.redirect_uri", "The redirect_uri is missing. A request with the scope openid must have one (OpenID Connect Core section 3.1.2.1).").webError()
	}
	redirectURI, ok := gatehouse.MatchRedirectURI(request.RedirectURI, app.RedirectURIs)
	if !ok || gatehouse.CheckRequestedRedirectURI(redirectURI, app.IsPublic) != nil {
		return gatehouse.App{}, "", notRegistered().webError()
	}
	return app, redirectURI, nil
}

// unknownAppMessage is for a user whose app was deleted: clients register again only if
// they forget their client_id.
const unknownAppMessage = "This app isn't registered here, or no longer. In the app, remove the connection to this server and connect again: an app that registers itself then gets a new registration. If that doesn't help, ask a System Admin of this server."

// touchApp stores that a user began to authorize a self-registered app, so that it is not
// deleted as unused (gatehouse.Settings.DCRUnusedLifetime). It writes at most once in each
// gatehouse.ConsentTouchInterval. A failure does not stop the request.
func (h *Handler) touchApp(ctx context.Context, app gatehouse.App, now time.Time) {
	if !app.IsDynamicallyRegistered || app.UpdateAt.After(app.CreateAt) && now.Sub(app.UpdateAt) < gatehouse.ConsentTouchInterval {
		return
	}
	if err := h.store.TouchApp(ctx, app.ID, now); err != nil {
		h.log.WarnContext(ctx, "The use of a self-registered app could not be stored.", "client_id", app.ID, "error", err)
	}
}

func (h *Handler) consentRequest(a authorization, caller gatehouse.Caller) consent.Request {
	return consent.Request{
		Caller: caller, App: a.app, Scopes: a.consentScopes(), Resource: a.request.Resource, RedirectURI: a.redirectURI, AskAgain: a.request.hasPrompt("consent"),
		Implicit: a.request.hasResponseType("token"), Action: h.localURL(a.query),
	}
}

// localURL returns the path of the authorization endpoint with a query.
func (h *Handler) localURL(query string) string { return h.basePath + "/oauth/authorize?" + query }

// issue stores the consent, lets fosite make the code or access token, and returns
// the authorization response. For a code, issue writes nothing but a new consent.
// Its error is a *Refusal or a failure.
func (h *Handler) issue(ctx context.Context, a authorization, request consent.Request, decision consent.Decision) (authorizationResponse, error) {
	allowed, err := h.consents.Allow(ctx, request, decision)
	if err != nil {
		return authorizationResponse{}, removedMeanwhile(err)
	}
	now := time.Now()
	grantID := gatehouse.NewID()
	s := &session{
		userID: request.Caller.User.ID, consentID: allowed.ID, issuedAt: now, scopes: a.request.scopes(), resource: a.request.Resource,
		accessTokenExpiresAt: now.Add(a.settings.AccessTokenLifetimeFor(a.app, true)),
		redirectURI:          a.redirectURI, redirectURISent: a.request.RedirectURI != "", challenge: a.request.CodeChallenge,
		authentication: a.authentication(request.Caller.Session),
	}
	if a.request.hasResponseType("id_token") {
		s.setIDToken(h.frontChannelIDToken(a, request.Caller.User, s), a.app)
		if err := h.addGroups(ctx, s.idToken); err != nil {
			return authorizationResponse{}, err
		}
	}
	parameters, err := h.machine.authorizationParameters(ctx, a, grantID, s)
	if err != nil {
		return authorizationResponse{}, err
	}
	if request.Implicit {
		grant := gatehouse.Grant{
			ID: grantID, ConsentID: allowed.ID, UserID: s.userID, AppID: a.app.ID, Scopes: s.scopes, Resource: s.resource,
			CreateAt: now, RotatedAt: now, ExpiresAt: grantExpiry(a.app, a.settings, now, true),
		}
		storeAuthentication(&grant, s.authentication)
		err := h.store.CreateGrant(ctx, grant)
		if err != nil {
			return authorizationResponse{}, removedMeanwhile(err)
		}
	}
	h.issued(endpointAuthorize, grantOfResponseType(a.request.ResponseType))
	return h.newResponse(a.request, a.redirectURI, parameters), nil
}

// removedMeanwhile returns access_denied if the app, the user or the consent was
// removed while the request was served.
func removedMeanwhile(err error) error {
	if errors.Is(err, gatehouse.ErrNotFound) {
		return &Refusal{Code: codeAccessDenied, Description: "The app, the user or the consent was removed during the request.", Cause: err}
	}
	return fmt.Errorf("provider: issue: %w", err)
}

// refuse answers with a refusal. It is sent to the client (RFC 6749 §4.1.2.1). The
// user of a self-registered client sees it on an error page instead, unless they have
// consented to the client: otherwise an attacker could register a client and use
// Gatehouse as an open redirector (RFC 9700 §4.11.2).
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, a authorization, caller gatehouse.Caller, refusal *Refusal) error {
	redirect, err := h.mayRedirectErrors(r.Context(), a.app, caller)
	if err != nil {
		return err
	}
	if !redirect {
		return refusal.webError()
	}
	return h.sendRefusal(w, r, a, refusal)
}

// mayRedirectErrors reports whether errors may be sent to the client: see refuse.
func (h *Handler) mayRedirectErrors(ctx context.Context, app gatehouse.App, caller gatehouse.Caller) (bool, error) {
	if !app.IsDynamicallyRegistered || app.IsTrusted {
		return true, nil
	}
	if caller.User.ID == "" {
		return false, nil
	}
	return h.consents.HasConsent(ctx, caller.User.ID, app.ID)
}

// sendRefusal sends a refusal to the client (RFC 6749 §4.1.2.1).
func (h *Handler) sendRefusal(w http.ResponseWriter, r *http.Request, a authorization, refusal *Refusal) error {
	h.refused(r, endpointAuthorize, grantOfResponseType(a.request.ResponseType), refusal, r.URL.Query())
	return h.send(w, r, a.app, h.refusalResponse(a.request, a.redirectURI, refusal))
}

// sendFailure reports a failure of the server to the client (RFC 6749 §4.1.2.1:
// server_error, temporarily_unavailable), because the user cannot do anything
// about it.
func (h *Handler) sendFailure(w http.ResponseWriter, r *http.Request, a authorization, caller gatehouse.Caller, err error) error {
	return h.refuse(w, r, a, caller, asRefusal(err))
}
