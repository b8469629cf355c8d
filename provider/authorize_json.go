package provider

import (
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
)

// authorizeBody is the API form of an authorization request (C 1.3).
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

// isJSON tells the API form of POST /oauth/authorize from the consent page's.
// The contract does not check the content type, so whatever is no form is the API's.
func isJSON(r *http.Request, _ *mux.RouteMatch) bool {
	return !web.SendsForm(r)
}

// authorizeJSON serves POST /oauth/authorize with a JSON body (C 1.3), in the
// contract's order of checks. Sending it is the person's consent.
func (h *Handler) authorizeJSON(w http.ResponseWriter, r *http.Request) error {
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
		return web.Forbidden(errors.New("an access token may not authorise apps"))
	}
	if a.settings, err = h.settings.Settings(r.Context()); err != nil {
		return err
	}
	if !a.settings.EnableOAuthServiceProvider {
		return providerOff("api.oauth.allow_oauth.turn_off").webError()
	}
	if err := h.match(r.Context(), &a); err != nil {
		return err
	}
	answer, err := h.answerJSON(r, a, caller)
	if err != nil {
		return err
	}
	target, err := answer.url()
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, map[string]string{"redirect": target})
}

// answerJSON issues what was asked for. A response type that we do not know,
// and failures on our side, go to the app (C 1.3).
func (h *Handler) answerJSON(r *http.Request, a authorization, caller gatehouse.Caller) (answer, error) {
	if refusal := a.request.checkApp(a.app, a.settings); refusal != nil {
		if refusal.Code == codeUnsupportedResponse {
			return h.refusalAnswer(a.request, a.redirectURI, refusal), nil
		}
		return answer{}, refusal.webError()
	}
	question := h.question(a, caller)
	decision, err := h.consents.Decide(r.Context(), question)
	if err == nil {
		var issued answer
		if issued, err = h.grant(r.Context(), a, question, decision); err == nil {
			return issued, nil
		}
	}
	refusal := asRefusal(err)
	web.Log(r.Context(), h.log, refusal.webError())
	return h.refusalAnswer(a.request, a.redirectURI, refusal), nil
}

func (b authorizeBody) request() authorizationRequest {
	return authorizationRequest{
		ClientID: b.ClientID, ResponseType: b.ResponseType, RedirectURI: b.RedirectURI, Scope: b.Scope, State: b.State, HasState: b.State != "",
		CodeChallenge: b.CodeChallenge, CodeChallengeMethod: b.CodeChallengeMethod, Resource: b.Resource, MaxAge: -1,
	}
}

// check is the contract's validation (C 1.3): client_id, response_type,
// redirect_uri, which the API form must name, and the rest.
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
	return r.check()
}
