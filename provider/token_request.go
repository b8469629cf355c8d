package provider

import (
	"mime"
	"net/http"
	"net/url"
	"slices"

	"gatehouse/internal/seal"
	"gatehouse/internal/web"
)

// tokenParameters are the parameters of the client endpoints and their longest
// values in bytes. Each may be sent once (RFC 6749 §3.2). They are checked in this
// order, secrets first, so that the same mistake always gets the same answer.
var tokenParameters = []struct {
	name      string
	maxLength int
}{
	{"client_secret", 128}, {"code", seal.MaxLength}, {"refresh_token", seal.MaxLength}, {"token", seal.MaxLength}, {"code_verifier", 1024},
	{"grant_type", 64}, {"client_id", 64}, {"redirect_uri", 1024}, {"scope", maxScopeLength}, {"token_type_hint", 64},
}

// parseTokenForm reads the body of a request to a client endpoint. It refuses
// parameters in the URL, because secrets and codes would end up in logs (RFC 6749
// §2.3.1). A token in the URL that repeats the one in the body passes: some clients
// send it twice to the revocation endpoint, and refusing it would protect nothing.
func parseTokenForm(r *http.Request) (url.Values, *Refusal) {
	bad := func(description string, cause error) *Refusal {
		refusal := refuse(codeInvalidRequest, "api.oauth.get_access_token.bad_request", description)
		refusal.Cause = cause
		return refusal
	}
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/x-www-form-urlencoded" {
		return nil, bad("Send the parameters as a form. The Content-Type must be application/x-www-form-urlencoded.", err)
	}
	if err := r.ParseForm(); err != nil {
		if e := web.Public(err); e.Status == http.StatusRequestEntityTooLarge {
			refusal := bad(e.Message, err)
			refusal.Status, refusal.ID = e.Status, e.ID
			return nil, refusal
		}
		return nil, bad("The body is not a valid form.", err)
	}
	if query := r.URL.Query(); len(query) > 0 {
		for _, p := range tokenParameters {
			if repeated := p.name == "token" && slices.Equal(query["token"], r.PostForm["token"]); query.Has(p.name) && !repeated {
				return nil, bad("The parameter "+p.name+" was sent in the URL. Send all parameters in the body.", nil)
			}
		}
	}
	for _, p := range tokenParameters {
		switch values := r.PostForm[p.name]; {
		case len(values) > 1:
			return nil, bad("The parameter "+p.name+" was sent more than once.", nil)
		case len(values) == 1 && len(values[0]) > p.maxLength:
			return nil, bad("The parameter "+p.name+" is too long.", nil)
		}
	}
	return r.PostForm, nil
}

// checkGrantType refuses an unknown grant type, and a known one without its
// credential (C 1.4 steps 2a to 2c).
func checkGrantType(form url.Values) *Refusal {
	const id = "api.oauth.get_access_token."
	switch form.Get("grant_type") {
	case "authorization_code":
		if form.Get("code") == "" {
			return refuse(codeInvalidRequest, id+"missing_code", "The code is missing.")
		}
	case "refresh_token":
		if form.Get("refresh_token") == "" {
			return refuse(codeInvalidRequest, id+"missing_refresh_token", "The refresh_token is missing.")
		}
	case "":
		return refuse(codeInvalidRequest, id+"bad_grant", "The grant_type is missing. Send authorization_code or refresh_token.")
	default:
		return refuse(codeUnsupportedGrantType, id+"bad_grant", "The grant_type must be authorization_code or refresh_token.")
	}
	return nil
}
