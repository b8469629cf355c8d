package provider

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse"
	"gatehouse/consent"
	"gatehouse/internal/web"
)

// The answers of the consent form. decisionAsk is only in a web.KeptForm: the page must
// ask, because the answer was not accepted.
const (
	decisionAllow = "allow"
	decisionDeny  = "deny"
	decisionAsk   = "ask"
)

// The values of a web.KeptForm of the consent page.
const (
	keptRequest = "request" // HashSecret of the query of the authorization request
	keptAnswer  = "decision"
)

// submitConsent serves the form of the consent page: POST /oauth/authorize with the
// authorization request in the URL and the user's decision in the body. The request
// is checked again from the start, so there is no state to forge between the page
// and its form. It answers with a redirect: to the app, or to the authorization request,
// which shows what must be shown.
func (h *Handler) submitConsent(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()

	// Parse and check the request.
	parseErr := web.ParseForm(w, r)
	if parseErr == nil && r.URL.RawQuery == "" && r.PostForm.Has("client_id") {
		// A client may also send the authorization request by POST (RFC 6749 §3.1).
		http.Redirect(w, r, h.localURL(r.PostForm.Encode()), http.StatusSeeOther)
		return nil
	}
	a, refusal, err := h.loadAuthorization(ctx, r.URL.RawQuery)
	if err != nil && r.URL.RawQuery == "" {
		return h.count(r, err) // This is no form of ours.
	} else if err != nil {
		return h.redirectToRequest(w, r)
	}

	// Find out who is signed in.
	caller, signedIn, err := h.signIn.SignedIn(r)
	if err != nil {
		return h.redirectToRequest(w, r)
	}
	if refusal == nil && (!signedIn || h.requiresSignIn(a, caller.Session, time.Now())) {
		return h.requireSignIn(w, r, a, caller, signedIn)
	}

	// Read the user's decision, and carry it out.
	if refusal == nil {
		refusal = a.openID.checkUser(caller.User)
	}
	switch {
	case refusal != nil:
		err = h.refuse(w, r, a, caller, refusal)
	case parseErr != nil:
		err = parseErr
	default:
		err = h.carryOut(ctx, w, r, a, caller)
	}
	if err == nil {
		return nil
	}
	e := h.count(r, err)
	if h.forms.Refuse(w, r, h.log, h.localURL(a.query), &web.KeptForm{UserID: caller.User.ID}, e) {
		return nil
	}
	return e
}

// carryOut carries out the decision of the user on the consent page.
func (h *Handler) carryOut(ctx context.Context, w http.ResponseWriter, r *http.Request, a authorization, caller gatehouse.Caller) error {
	request := h.consentRequest(a, caller)
	// The page must have been shown to this user: another user may have signed in
	// since, in another tab (compare Dex CVE-2022-39222).
	if subtle.ConstantTimeCompare([]byte(r.PostForm.Get("csrf_token")), []byte(caller.CSRFToken)) != 1 {
		return h.keepDecision(w, r, a, caller, decisionAsk, "Your choice was not accepted, because you signed in again after this page was opened. Check which user is signed in, and choose again.")
	}
	answer := r.PostForm.Get("decision")
	switch {
	case answer == decisionDeny:
		h.consents.Deny(ctx, request)
	case answer != decisionAllow:
		return h.keepDecision(w, r, a, caller, decisionAsk, "")
	}
	if answersWithPage(r, a) {
		return h.keepDecision(w, r, a, caller, answer, "")
	}
	if answer == decisionDeny {
		return h.sendRefusal(w, r, a, userDenied())
	}
	decision, err := h.consents.Decide(ctx, request)
	if err != nil {
		return h.sendFailure(w, r, a, caller, err)
	}
	return h.sendIssued(ctx, w, r, a, request, decision)
}

// sendIssued makes the code or token and sends it to the client.
func (h *Handler) sendIssued(ctx context.Context, w http.ResponseWriter, r *http.Request, a authorization, request consent.Request, decision consent.Decision) error {
	response, err := h.issue(ctx, a, request, decision)
	if err != nil {
		return h.refuseAccess(w, r, a, request.Caller, err)
	}
	return h.send(w, r, a.app, response)
}

// redirectToRequest answers the consent form with a redirect to the authorization request,
// which reports the error that the form meets.
func (h *Handler) redirectToRequest(w http.ResponseWriter, r *http.Request) error {
	web.Redirect(w, r, h.localURL(r.URL.RawQuery))
	return nil
}

// keepDecision redirects to the authorization request, which carries the decision out. So a
// page that follows is not the response to a form, see web.KeptForms. The decision holds for
// this user and for this request only.
func (h *Handler) keepDecision(w http.ResponseWriter, r *http.Request, a authorization, caller gatehouse.Caller, decision, message string) error {
	kept := web.KeptForm{
		UserID: caller.User.ID, Message: message,
		Values: url.Values{keptRequest: {gatehouse.HashSecret(a.query)}, keptAnswer: {decision}},
	}
	target, ok := h.forms.Keep(w, r, h.localURL(a.query), kept)
	if !ok {
		return errors.New("provider: the decision does not fit into a cookie")
	}
	web.Redirect(w, r, target)
	return nil
}

// keptDecision returns the decision that keepDecision kept for this request, or "".
func keptDecision(kept web.KeptForm, a authorization) string {
	if kept.Values.Get(keptRequest) != gatehouse.HashSecret(a.query) {
		return ""
	}
	return kept.Values.Get(keptAnswer)
}

// answersWithPage reports whether send answers with a page of ours and not with a redirect.
func answersWithPage(r *http.Request, a authorization) bool {
	return a.request.ResponseMode == "form_post" || opensApp(r, a.redirectURI)
}

// opensApp reports whether the response goes to an app on the device, and the client is a
// browser, which gets a page that opens the app.
func opensApp(r *http.Request, redirectURI string) bool {
	return !strings.HasPrefix(redirectURI, "http:") && !strings.HasPrefix(redirectURI, "https:") && strings.Contains(r.Header.Get("Accept"), "text/html")
}

func userDenied() *Refusal {
	return &Refusal{Code: codeAccessDenied, Description: "The user denied the request."}
}
