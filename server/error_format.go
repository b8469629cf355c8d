package server

import (
	"net/http"
	"strings"

	"gatehouse/internal/web"
)

// oauthError is the error of RFC 6749 §5.2 and the contract's AppError in one object.
type oauthError struct {
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
	web.AppError
}

// refuse answers with e in the error format of the route.
func (s *site) refuse(w http.ResponseWriter, r *http.Request, e *web.Error) {
	switch exchangeOf(r).policy.Errors {
	case web.OAuthErrors:
		code := "invalid_request"
		switch {
		case e.Status == http.StatusServiceUnavailable:
			code = "temporarily_unavailable"
		case e.Status >= http.StatusInternalServerError:
			code = "server_error"
		}
		web.Log(r.Context(), s.log, e)
		w.Header().Set("Cache-Control", "no-store")
		body := oauthError{code, strings.ReplaceAll(e.Message, `"`, "'"), web.NewAppError(r, e)}
		_ = web.WriteJSON(w, e.Status, body) // It encodes strings only, which cannot fail.
	case web.ContractErrors:
		web.WriteJSONError(w, r, s.log, e)
	case web.PageErrors:
		web.WritePageError(w, r, s.log, s.renderer, e)
	}
}
