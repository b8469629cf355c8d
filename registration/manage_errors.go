package registration

import (
	"errors"
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
)

// The errors of the management API (C 1.8–1.10, 1.14). The pages show their messages too.

// errNotAllowed means that the user lacks manage_oauth, or that an app calls with an access
// token.
func errNotAllowed(v web.Visit) *web.Error {
	e := web.Forbidden(errors.New("no manage_oauth"))
	e.Message = "You don't have permission to register or manage apps. Ask a System Admin to do it, or to let all users register apps."
	if v.IsOAuth() {
		e.Message = "An access token does not allow an app to manage apps. Sign in to manage apps."
	}
	return e
}

// errNotListed is errNotAllowed for the list of apps, which has its own error id (C 1.9).
func errNotListed(v web.Visit) *web.Error {
	e := errNotAllowed(v)
	if !v.IsOAuth() {
		e.ID = "api.command.admin_only.app_error"
	}
	return e
}

// errNotCreator means that another user registered the app.
func errNotCreator() *web.Error {
	e := web.Forbidden(errors.New("not the creator of the app"))
	e.Message = "You don't have permission to manage this app. Only its creator and System Admins can manage it."
	return e
}

// errNoLifetimes means that a user who is not a System Admin sent other token lifetimes.
func errNoLifetimes() *web.Error {
	e := web.Forbidden(errors.New("no manage_system"))
	e.Message = "Only System Admins can set the token lifetimes of an app. Leave them as they are."
	return e
}

// errNoAccessChange means that a user who is not a System Admin sent who can use an app.
func errNoAccessChange() *web.Error {
	e := web.Forbidden(errors.New("no manage_system"))
	e.Message = "Only System Admins can set who can use an app."
	return e
}

// errNoApp means that the app does not exist.
func errNoApp(cause error) *web.Error {
	return &web.Error{Status: http.StatusNotFound, ID: "app.oauth.get_app.find.app_error", Message: "This app does not exist. It may have been deleted.", Cause: cause}
}

// invalidIDs are the parts of the contract's error ids for the fields of an app (C 1.15).
// The lifetimes are not in the contract.
var invalidIDs = map[string]string{
	"name":              "name",
	"callback_urls":     "callback",
	"homepage":          "homepage",
	"description":       "description",
	"icon_url":          "icon_url",
	"mattermost_app_id": "mattermost_app_id",

	"access_token_lifetime":  "access_token_lifetime",
	"refresh_token_lifetime": "refresh_token_lifetime",

	"id_token_signed_response_alg": "id_token_signed_response_alg",
	"post_logout_redirect_uris":    "post_logout_redirect_uris",
	"backchannel_logout_uri":       "backchannel_logout_uri",
}

// serviceError turns an error of the Service or the Store into the contract's. It keeps a
// *web.Error, and ErrUnavailable, which web.Public reports. An unknown error becomes an
// internal error with the id of the operation that failed, such as "save_app.save".
func serviceError(err error, failedID string) error {
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
		return &web.Error{Status: http.StatusBadRequest, ID: "api.oauth.regenerate_secret.public_client.app_error", Message: "invalid_request: A public client has no client secret to regenerate.", Cause: err}
	}
	return &web.Error{Status: http.StatusInternalServerError, ID: "app.oauth." + failedID + ".app_error", Message: "The database failed, so nothing was changed. The gateway's log has the details under the request ID.", Cause: err}
}

// changeError is serviceError for the change of an app that existed when the request was
// checked. ErrConflict stays as it is, because the pages handle it.
func changeError(err error) error {
	switch {
	case errors.Is(err, gatehouse.ErrConflict):
		return err
	case errors.Is(err, gatehouse.ErrNotFound):
		return &web.Error{Status: http.StatusBadRequest, ID: "app.oauth.update_app.find.app_error", Message: "The app was deleted in the meantime.", Cause: err}
	}
	return serviceError(err, "update_app.updating")
}
