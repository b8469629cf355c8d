package provider

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"

	"gatehouse"
	"gatehouse/internal/web"
)

// authorizeBody is the JSON form of an authorization request (C 1.3).
type authorizeBody struct {
	ResponseType        string `json:"response_type"`
	ClientID            string `json:"client_id"`
	RedirectURI         string `json:"redirect_uri"`
	Scope               string `json:"scope"`
	State               string `json:"state"`
	CodeChallenge       string `json:"code_challenge"`
	CodeChallengeMethod string `json:"code_challenge_method"`
	Resource            string `json:"resource"`
}

// isJSON matches the JSON form of POST /oauth/authorize. The contract does not check
// the content type, so every body that is not a form counts as JSON. A body that
// begins with a brace is JSON even if it says that it is a form: curl says so of all
// that it posts.
func isJSON(r *http.Request) bool {
	if !web.SendsForm(r) {
		return true
	}
	if r.URL.RawQuery != "" { // the consent form
		return false
	}
	var first [1]byte
	n, _ := io.ReadFull(r.Body, first[:]) // the handler meets the same error, if any
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(first[:n]), r.Body), r.Body}
	return first[0] == '{'
}

// authorizeJSON serves POST /oauth/authorize with a JSON body (C 1.3), with the
// checks in the contract's order. The request itself is the user's consent.
func (h *Handler) authorizeJSON(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()

	// Authenticate the user and parse the request.
	caller, err := h.signIn.RequireCaller(w, r)
	if err != nil {
		return err
	}
	var body authorizeBody
	if err := web.DecodeJSON(r, "authorize_request", &body); err != nil {
		return err
	}
	a := authorization{request: body.request()}
	if refusal := body.check(a.request); refusal != nil {
		return refusal.webError()
	}
	if caller.IsOAuth() {
		return web.Forbidden(errors.New("an access token cannot authorize apps"))
	}
	if a.settings, err = h.store.Settings(ctx); err != nil {
		return err
	}
	if !a.settings.EnableOAuthServiceProvider {
		return web.ProviderOff("api.oauth.allow_oauth.turn_off.app_error")
	}
	if a.app, a.redirectURI, err = h.loadApp(ctx, a.request, a.settings); err != nil {
		return err
	}
	if a.request.isOpenID(a.settings) {
		a.openID = &openIDRequest{}
	}
	refusal := a.request.checkApp(a.app, a.settings)
	if refusal == nil && a.request.hasResponseType("id_token") { // The JSON form has no nonce.
		refusal = unsupportedResponseType(responseTypes(a.settings.EnableImplicitGrant, false))
	}
	if refusal != nil && refusal.Code != codeUnsupportedResponse {
		return refusal.webError()
	}

	// Make the code or token. An unknown response type and a failure are sent to the
	// client (C 1.3).
	var response authorizationResponse
	if refusal == nil {
		request := h.consentRequest(a, caller)
		decision, err := h.consents.Decide(ctx, request)
		if err == nil {
			response, err = h.issue(ctx, a, request, decision)
		}
		if errors.Is(err, gatehouse.ErrNoAccess) {
			return noAccess(err).webError()
		}
		if err != nil {
			refusal = asRefusal(err)
		}
	}
	if refusal != nil {
		sent := url.Values{"client_id": {body.ClientID}, "response_type": {body.ResponseType}, "redirect_uri": {body.RedirectURI}, "scope": {body.Scope}, "resource": {body.Resource}}
		h.refused(r, endpointAuthorize, grantOfResponseType(body.ResponseType), refusal, sent)
		response = h.refusalResponse(a.request, a.redirectURI, refusal)
	}

	// Answer with the URL that the script must open.
	target, err := response.url()
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, map[string]string{"redirect": target})
}

// maxContractScopeLength is the contract's limit (C 1.15). Browsers' requests have a
// higher one, maxScopeLength.
const maxContractScopeLength = 128

func (b authorizeBody) request() authorizationRequest {
	return authorizationRequest{
		ClientID: b.ClientID, ResponseType: b.ResponseType, RedirectURI: b.RedirectURI, Scope: b.Scope, State: b.State, HasState: b.State != "",
		CodeChallenge: b.CodeChallenge, CodeChallengeMethod: b.CodeChallengeMethod, Resource: b.Resource, MaxAge: -1,
	}
}

// check checks the body in the contract's order (C 1.3): client_id, response_type,
// redirect_uri, then the rest. Unlike the query form, the JSON form requires a
// redirect_uri.
func (b authorizeBody) check(r authorizationRequest) *Refusal {
	if refusal := checkClientID(b.ClientID); refusal != nil {
		return refusal
	}
	if b.ResponseType == "" {
		return r.check()
	}
	if b.RedirectURI == "" {
		return refuse(codeInvalidRequest, "model.authorize.is_valid.redirect_uri", "The redirect_uri is missing.")
	}
	if refusal := checkRedirectURI(b.RedirectURI); refusal != nil {
		return refusal
	}
	if len(b.Scope) > maxContractScopeLength {
		return refuse(codeInvalidScope, "model.authorize.is_valid.scope", "The scope is longer than 128 bytes.")
	}
	return r.check()
}
