package registration

import (
	"errors"
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
)

// The refusals of the management API (C 1.8–1.10, 1.14). The pages show their
// sentences, too.

// errNotAllowed: the caller lacks manage_oauth, or is no more than an app.
func errNotAllowed(v web.Visit) *web.Error {
	e := web.Forbidden(errors.New("no manage_oauth"))
	e.Message = "You may not register or manage OAuth 2.0 applications. Ask a System Admin to do it, or to let everybody register apps."
	if v.IsOAuth() {
		e.Message = "An app may not manage apps. Sign in yourself to do it."
	}
	return e
}

// errNotListed is errNotAllowed for the list, which has an id of its own (C 1.9).
func errNotListed(v web.Visit) *web.Error {
	e := errNotAllowed(v)
	if !v.IsOAuth() {
		e.ID = "api.command.admin_only.app_error"
	}
	return e
}

// errNotYours: the app is somebody else's.
func errNotYours() *web.Error {
	e := web.Forbidden(errors.New("somebody else's app"))
	e.Message = "This app is not yours. Only who registered it and System Admins may manage it."
	return e
}

// errTurnedOff is the answer while the provider is off (C 2.14).
func errTurnedOff() *web.Error {
	return &web.Error{Status: http.StatusNotImplemented, ID: "api.oauth.allow_oauth.turn_off.app_error", Message: "The System Admin has turned off OAuth 2.0 applications."}
}

func errNoApp(cause error) *web.Error {
	return &web.Error{Status: http.StatusNotFound, ID: "app.oauth.get_app.find.app_error", Message: "There is no app with this id. It was never registered here, or was deleted.", Cause: cause}
}

// invalidIDs are the contract's ids of the rules that an app can break (C 1.15).
var invalidIDs = map[string]string{
	"name":              "name",
	"callback_urls":     "callback",
	"homepage":          "homepage",
	"description":       "description",
	"icon_url":          "icon_url",
	"mattermost_app_id": "mattermost_app_id",
}

// refusal puts an error of the Service into the contract's terms: those that the
// caller can mend by themselves, and a failure of the database by the id of what
// was tried, "save_app.save". What has a status already keeps it, and
// ErrUnavailable stays what it is: web.Public knows it.
func refusal(err error, failedID string) error {
	var refused *web.Error
	var field *gatehouse.FieldError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused), errors.Is(err, gatehouse.ErrUnavailable):
		return err
	case errors.As(err, &field) && invalidIDs[field.Field] != "":
		return &web.Error{Status: http.StatusBadRequest, ID: "model.oauth.is_valid." + invalidIDs[field.Field] + ".app_error", Message: field.Message, Cause: err}
	case errors.Is(err, ErrPublicClient):
		return &web.Error{Status: http.StatusBadRequest, ID: "api.oauth.regenerate_secret.public_client.app_error", Message: "invalid_request: A public client has no client secret that could be regenerated.", Cause: err}
	}
	return &web.Error{Status: http.StatusInternalServerError, ID: "app.oauth." + failedID + ".app_error", Message: "The change was not made, because the database failed. The log of the gateway has the details under the request id.", Cause: err}
}
